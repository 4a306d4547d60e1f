"""Webhook: events to any HTTP destination."""
