"""Hints that something changed: inotify, links on the way, mounts."""
