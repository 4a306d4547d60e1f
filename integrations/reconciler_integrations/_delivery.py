"""What makes a delivery the same at every attempt, for the services that can tell. Shared by the built-in ones."""

from hashlib import sha256
from typing import Any

from reconciler.sdk import Event, IntegrationConfig


def delivery_id(event: Event, config: IntegrationConfig[Any]) -> str:
    """Return 32 hexadecimal characters that stand for this event on its way to this configuration."""
    parts = (event.source, event.id, config.id)
    return sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
