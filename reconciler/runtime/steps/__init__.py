"""The steps: on a key of the work queue, what is in force and what runs are brought together, one step at a time."""
