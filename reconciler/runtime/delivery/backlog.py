"""What waits in the queue, by configuration: how much, until when, and what has failed already.

Functions of a connection alone, in a transaction that the queue has opened. They read indexes, never an event, and cost
nothing where nothing waits. Times are the queue's own.
"""

import sqlite3
from typing import Final

from reconciler.model.delivery import Backlog, Failing

INDEX: Final = "CREATE INDEX IF NOT EXISTS delivery_tried ON delivery (config, seq) WHERE attempts > 0;"
"""Only what has failed stands in it: a delivery that works at once is not slowed down."""

_BACKLOG = """
SELECT l.config, SUM(waiting.n), MIN(CASE WHEN l.at > ? THEN l.at END)
FROM (SELECT lane, COUNT(*) AS n FROM delivery GROUP BY lane) AS waiting JOIN lane l ON l.n = waiting.lane
GROUP BY l.config
"""
FAILING = """
SELECT d.config, d.error, d.first
FROM (SELECT config, MIN(seq) AS seq FROM delivery WHERE attempts > 0 GROUP BY config) AS oldest
JOIN delivery d ON d.config = oldest.config AND d.seq = oldest.seq AND d.attempts > 0
"""
_HOW_MANY_FAIL = "SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE attempts > 0 GROUP BY config)"


def backlog(db: sqlite3.Connection, now: float) -> dict[str, Backlog]:
    """Return what waits for each configuration that anything waits for."""
    return {config_id: Backlog(pending, at) for config_id, pending, at in db.execute(_BACKLOG, (now,))}


def failing(db: sqlite3.Connection) -> list[Failing]:
    """Return the configurations with deliveries that were tried in vain, each with the error of the oldest of them."""
    return [Failing(config_id, error, first) for config_id, error, first in db.execute(FAILING)]


def how_many_fail(db: sqlite3.Connection) -> int:
    """Return how many configurations have deliveries that were tried in vain."""
    return int(db.execute(_HOW_MANY_FAIL).fetchone()[0])
