"""Templates of messages and request bodies: checked without an event, rendered with one in a sandbox."""
