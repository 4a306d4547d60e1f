"""What is on disk besides the queue's rows: databases, the state directory, the lock of its one runner."""
