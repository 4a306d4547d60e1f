"""Applying the fixes that findings bring: text spliced, proven to change nothing else, written in one step."""
