"""A directory of configurations, read again in proportion to what changed."""
