"""Calls into integrations: lanes and deadlines, generations of configurations, hooks, what is cleaned up after them."""
