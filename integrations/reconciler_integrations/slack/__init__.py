"""Slack: messages to a channel, a person or a thread."""
