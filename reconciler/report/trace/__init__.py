"""What `reconcile trace` found: as values, as JSON and for people."""
