"""What people ask of a running engine: suspensions and pauses, effects to be forgotten."""
