"""What runs without a daemon: the plan of a directory or of a change, test cases, the trace of an event."""
