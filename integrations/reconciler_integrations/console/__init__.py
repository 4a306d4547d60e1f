"""Console: messages printed where the daemon runs."""
