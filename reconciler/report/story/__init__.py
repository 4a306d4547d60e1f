"""What a daemon tells while it runs: what happened, as values, as lines and as JSON objects."""
