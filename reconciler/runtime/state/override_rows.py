"""Overrides and interventions as rows of `state.db`: functions of a connection, which the state store runs."""

import json
import logging
import sqlite3
from collections.abc import Sequence
from typing import Any

from reconciler.model.override import Intervention, InterventionKind, Override, OverrideKind, Selector

log = logging.getLogger(__name__)
KEPT = 1000
"""How many interventions are kept."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS override (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, selector TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL,
    since REAL NOT NULL, until REAL, options TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE TABLE IF NOT EXISTS intervention (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, who TEXT NOT NULL,
    reason TEXT NOT NULL, until REAL, detail TEXT NOT NULL
) STRICT;
"""


def load(db: sqlite3.Connection) -> list[Override]:
    """Return the overrides that are kept, oldest first; a row that cannot be read is said and passed over."""
    found = []
    rows = db.execute("SELECT id, kind, selector, who, reason, since, until, options FROM override ORDER BY id")
    for row in rows.fetchall():
        try:
            found.append(of_row(row))
        except (ValueError, TypeError, KeyError, AttributeError):
            log.exception("the override %s in state.db cannot be read: it is not in force", row[0])
    return found


def save(db: sqlite3.Connection, override: Override) -> None:
    """Put an override, in the place of one with its number."""
    db.execute(
        "INSERT OR REPLACE INTO override (id, kind, selector, who, reason, since, until, options)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        as_row(override),
    )


def as_row(override: Override) -> tuple[Any, ...]:
    """Return an override as its row."""
    selector = json.dumps(selector_item(override.selector), ensure_ascii=False)
    options = json.dumps({"drop": override.drop})
    said = (override.who, override.reason, override.since, override.until)
    return (override.number, override.kind.value, selector, *said, options)


def delete(db: sqlite3.Connection, number: int) -> None:
    """Drop an override."""
    db.execute("DELETE FROM override WHERE id = ?", (number,))


def note(db: sqlite3.Connection, done: Intervention) -> None:
    """Add an intervention, and drop the oldest beyond those that are kept."""
    row = (done.at, done.kind.value, done.target, done.who, done.reason, done.until, done.detail)
    added = db.execute(
        "INSERT INTO intervention (at, kind, target, who, reason, until, detail) VALUES (?, ?, ?, ?, ?, ?, ?)", row
    )
    db.execute("DELETE FROM intervention WHERE number <= ?", ((added.lastrowid or 0) - KEPT,))


def interventions(db: sqlite3.Connection, limit: int) -> list[Intervention]:
    """Return the last ones, newest first."""
    query = "SELECT kind, target, who, at, reason, until, detail FROM intervention ORDER BY number DESC LIMIT ?"
    return [Intervention(InterventionKind(row[0]), *row[1:]) for row in db.execute(query, (limit,))]


def selector_item(selector: Selector) -> dict[str, Any]:
    """Return a selector as JSON."""
    return {"ids": list(selector.ids), "labels": dict(selector.labels), "integration": selector.integration}


def of_row(row: Sequence[Any]) -> Override:
    """Return the override that a row is; raises ValueError, TypeError, KeyError or AttributeError."""
    number, kind, selector, who, reason, since, until, options = row
    parts = json.loads(selector)
    chosen = Selector.of(parts["ids"], parts["labels"], parts["integration"])
    drop = json.loads(options)["drop"] is True
    return Override(number, OverrideKind(kind), chosen, who, reason, since, until, drop)
