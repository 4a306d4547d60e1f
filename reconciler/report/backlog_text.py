"""What waits in the queue, in a few words: for one configuration, and in all. Takes the items of the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.report.count import count


def backlog_text(item: Mapping[str, Any]) -> str:
    """Say how many deliveries wait for a configuration, and when the next attempt is; nothing where none does."""
    waits = item.get("deliveries") or {"pending": 0}
    if not waits["pending"]:
        return ""
    at = waits["next_attempt"]
    due = f", next attempt at {datetime.fromisoformat(at).astimezone():%H:%M:%S}" if at else ""
    return f"{waits['pending']:,} pending{due}"


def in_vain_text(queue: Mapping[str, Any]) -> str:
    """Say for how many configurations what is pending was tried in vain so far; nothing where for none."""
    failing = queue.get("failing", 0)
    return f", failing for {count(failing, 'configuration')}" if failing else ""
