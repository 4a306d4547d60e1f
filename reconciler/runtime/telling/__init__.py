"""What people and machines are told of a running engine: statuses, counts, metrics, its heartbeat."""
