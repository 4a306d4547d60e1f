"""What is in force for a configuration, whatever its file says now: last good, overrides, the state that follows."""
