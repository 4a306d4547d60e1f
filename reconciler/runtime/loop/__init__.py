"""The loop: what to look at, what is in force, what is to be done, and the steps that do it."""
