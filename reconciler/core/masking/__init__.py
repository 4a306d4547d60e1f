"""Secrets in texts that somebody's code has made: how they are found, and what stands in their place."""
