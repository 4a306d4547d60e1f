"""Nouns and ports: values that every layer shares, and the shapes of what the engine needs from outside.

Nothing here reads, writes, waits or logs.
"""
