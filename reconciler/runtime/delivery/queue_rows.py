"""One event, one delivery, one settlement at a time, in a transaction that the queue has opened.

Functions of a connection alone; they know nothing of threads, futures or the clock.
"""

import json
import logging
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from reconciler.model.delivery import Order
from reconciler.model.errors import EventError
from reconciler.model.event import Event
from reconciler.model.json import is_deeper
from reconciler.model.ports import Dead, Done, HandedOver, Parked, Receipt, Retry, Settlement, Target
from reconciler.runtime.delivery import queue_schema as sql

MAX_DEPTH: Final = 128
"""How deep an event's data may nest: what filters and renders it later recurses."""

NOT_TRIED: Final = frozenset({"Expired", "ConfigGone", "Dropped"})
"""Reasons to give a delivery up without an attempt."""

_MAX_ERROR = 1000
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
log = logging.getLogger(__name__)
EventRow = tuple[str, str, str, str]


def event_row(event: Event) -> EventRow:
    """Return source, id, subject and body; raises EventError for data that could not be read back."""
    try:
        f"{event.source}{event.id}{event.subject}".encode()
        body = _encode(event.as_json())
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EventError(f"the event {event.id!r} is not JSON: {error}") from error
    if body.count("[") + body.count("{") > MAX_DEPTH and is_deeper(event.data, MAX_DEPTH):
        raise EventError(f"the data of the event {event.id!r} nests deeper than {MAX_DEPTH} levels")
    return event.source, event.id, event.subject or "", body


def delivery_key(source: str, event_id: str, config_id: str) -> str:
    """Return the idempotency key of an event on its way to a configuration.

    Made of the event's own identity, not of its sequence number: those begin again where a queue was lost, and a
    destination that remembers keys would then drop new events.
    """
    return sha256(f"{source}\0{event_id}\0{config_id}".encode()).hexdigest()[:32]


def append(db: sqlite3.Connection, row: EventRow, now: float) -> Receipt:
    """Store one event, unless its source and id are known."""
    source, event_id, subject, body = row
    known = db.execute("SELECT seq FROM seen WHERE source = ? AND id = ?", (source, event_id)).fetchone()
    if known is not None:
        return Receipt(known[0], duplicate=True)
    added = "INSERT INTO event (source, id, subject, body, at) VALUES (?, ?, ?, ?, ?)"
    seq = db.execute(added, (source, event_id, subject, body, now)).lastrowid or 0
    db.execute("INSERT INTO seen (source, id, seq, at) VALUES (?, ?, ?, ?)", (source, event_id, seq, now))
    return Receipt(seq)


def waiting(db: sqlite3.Connection, limit: int) -> list[tuple[int, Event]]:
    """Return events that were not routed; one that cannot be read is put aside, or it would block all others."""
    found = []
    query = "SELECT seq, body FROM event WHERE state = 0 ORDER BY seq LIMIT ?"
    for seq, body in db.execute(query, (limit,)).fetchall():
        try:
            found.append((seq, read_event(body)))
        except (ValueError, RecursionError):
            log.exception("the event %d in queue.db cannot be read: it stays unrouted", seq)
            db.execute("UPDATE event SET state = ? WHERE seq = ?", (sql.UNROUTED, seq))
    return found


def route(db: sqlite3.Connection, seq: int, targets: Sequence[Target], now: float) -> None:
    """Make the deliveries of one event and mark it; does nothing when it was routed before."""
    state = sql.ROUTED if targets else sql.UNROUTED
    marked = db.execute("UPDATE event SET state = ? WHERE seq = ? AND state = ?", (state, seq, sql.WAITING))
    if marked.rowcount != 1:
        return
    for target in targets:
        add_delivery(db, seq, target, now, fallback=False)
    if targets:
        db.execute(sql.DROP_EVENT, (seq,))  # every delivery of it was under way already


def add_delivery(db: sqlite3.Connection, seq: int, target: Target, now: float, *, fallback: bool) -> None:
    """Make one delivery, unless the same event is on its way to the same configuration already."""
    query = "SELECT source, id, subject, at FROM event WHERE seq = ?"
    source, event_id, subject, arrived = db.execute(query, (seq,)).fetchone()
    key = delivery_key(source, event_id, target.config_id)
    if db.execute("SELECT 1 FROM delivery WHERE key = ?", (key,)).fetchone() is not None:
        return
    names = {Order.STRICT: target.config_id, Order.KEY: f"{target.config_id}\0{subject}", Order.NONE: f"\0{key}"}
    lane = _lane(db, names[target.policy.order], target.config_id, now)
    expires = arrived + target.policy.expire_after
    db.execute(sql.ADD_DELIVERY, (key, seq, lane, target.config_id, now, expires, int(fallback)))


def settle(db: sqlite3.Connection, settlement: Settlement, now: float) -> None:
    """Record what became of one claimed delivery."""
    key = settlement.key
    db.execute("DELETE FROM claimed WHERE key = ?", (key,))
    row = db.execute("SELECT seq, lane FROM delivery WHERE key = ?", (key,)).fetchone()
    if row is None:
        return
    seq, lane = row
    match settlement:
        case Retry(_, at, error):
            db.execute(sql.RETRY, (now, error[:_MAX_ERROR], key))
            _set_lane(db, lane, at)
        case Parked():
            _set_lane(db, lane, None)
        case Dead(_, reason, error):
            bury(db, key, reason, error, now)
            _end(db, key, seq, lane, now)
        case HandedOver(_, target):
            add_delivery(db, seq, target, now, fallback=True)
            _end(db, key, seq, lane, now)
        case Done():
            _end(db, key, seq, lane, now)


def bury(db: sqlite3.Connection, key: str, reason: str, error: str, now: float) -> None:
    """Write a delivery down as a dead letter, with its event."""
    db.execute(sql.BURY, (reason, error[:_MAX_ERROR], int(reason not in NOT_TRIED), now, key))


def expire(db: sqlite3.Connection, now: float, limit: int) -> int:
    """Bury what is too old and not under way, at most `limit`; a lane that waits for a retry goes on waiting."""
    rows = db.execute(sql.EXPIRED, (now, limit)).fetchall()
    for key, seq, lane in rows:
        bury(db, key, "Expired", "it was not delivered in time", now)
        _drop(db, key, seq, lane)
    return len(rows)


def read_event(body: str) -> Event:
    """Return the event that was stored as `body`; raises ValueError."""
    return Event.from_json(json.loads(body))


def drop_unreadable(db: sqlite3.Connection, key: str, seq: int, lane: int) -> None:
    """Forget a delivery whose event is damaged on disk, so that those behind it go on."""
    log.error("the event %d in queue.db cannot be read: its delivery is dropped", seq)
    _end(db, key, seq, lane, 0.0)


def _lane(db: sqlite3.Connection, name: str, config_id: str, now: float) -> int:
    found = db.execute("SELECT n FROM lane WHERE name = ?", (name,)).fetchone()
    if found is not None:
        return int(found[0])
    return db.execute("INSERT INTO lane (name, config, at) VALUES (?, ?, ?)", (name, config_id, now)).lastrowid or 0


def _set_lane(db: sqlite3.Connection, lane: int, at: float | None) -> None:
    db.execute("UPDATE lane SET at = ? WHERE n = ?", (at, lane))


def _end(db: sqlite3.Connection, key: str, seq: int, lane: int, now: float) -> None:
    """The delivery is over: whatever stands behind it in its lane is due."""
    _set_lane(db, lane, now)
    _drop(db, key, seq, lane)


def _drop(db: sqlite3.Connection, key: str, seq: int, lane: int) -> None:
    db.execute("DELETE FROM delivery WHERE key = ?", (key,))
    db.execute(sql.DROP_LANE, (lane, lane))
    db.execute(sql.DROP_EVENT, (seq,))
