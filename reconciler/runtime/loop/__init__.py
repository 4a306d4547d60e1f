"""The loop: what to look at, what is in force, what is to be done; `steps` does it."""
