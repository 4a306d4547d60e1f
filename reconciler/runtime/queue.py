"""The delivery queue on SQLite: durable, deduplicated, at least once, in order per lane.

Implements `DeliveryQueue`. It knows ids and times only; what is sent, and whether it may be, is the dispatcher's.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from typing import Any

from reconciler.model.delivery import Delivery, Order
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Dead, Done, HandedOver, Parked, Receipt, Retry, Settlement, Target
from reconciler.runtime import queue_schema as sql
from reconciler.runtime.database import Database

KEEP_SEEN = 2 * 86400.0
KEEP_UNROUTED = 7 * 86400.0
KEEP_DEAD = 30 * 86400.0
"""How long the ids of events, events that matched nothing, and dead letters are kept, in seconds."""


class SqliteQueue:
    """One queue in `queue.db` of a state directory. Every job runs in the database's writer thread."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._clock = clock
        self._claimed: set[str] = set()  # touched by the writer thread alone
        self._database = Database(directory / "queue.db", sql.SCHEMA)
        self._submit(lambda db: db.execute(sql.WAKE_HEADS, (clock.time(),))).result()

    @property
    def set_aside(self) -> Path | None:
        """Where a corrupt file was put at the start, or None."""
        return self._database.set_aside

    def close(self) -> None:
        """Commit what is queued and close."""
        self._database.close()

    def append(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Store events; see `DeliveryQueue`."""
        now = self._clock.time()
        rows = [(event.source, event.id, json.dumps(event.as_json(), separators=(",", ":"))) for event in events]
        return self._submit(lambda db: [_append(db, row, now) for row in rows])

    def waiting(self, limit: int) -> "Future[list[tuple[int, Event]]]":
        """Return events that were not routed yet."""
        query = "SELECT seq, body FROM event WHERE state = 0 ORDER BY seq LIMIT ?"
        return self._submit(lambda db: [(seq, _event(body)) for seq, body in db.execute(query, (limit,))])

    def route(self, routed: Sequence[tuple[int, Sequence[Target]]]) -> "Future[None]":
        """Make deliveries and mark the events."""
        now = self._clock.time()

        def job(db: sqlite3.Connection) -> None:
            for seq, targets in routed:
                subject = _subject(db, seq) if any(t.policy.order is Order.KEY for t in targets) else ""
                db.executemany(sql.ADD_DELIVERY, [_new_row(seq, t, subject, now, fallback=False) for t in targets])
                state = sql.ROUTED if targets else sql.UNROUTED
                db.execute("UPDATE event SET state = ? WHERE seq = ?", (state, seq))

        return self._submit(job)

    def claim(self, now: float, limit: int) -> "Future[list[Delivery]]":
        """Return due heads that are not claimed yet, and claim them."""

        def job(db: sqlite3.Connection) -> list[Delivery]:
            rows = db.execute(sql.CLAIM, (now, limit + len(self._claimed)))
            found = [_delivery(row) for row in rows if row[0] not in self._claimed][:limit]
            self._claimed.update(delivery.key for delivery in found)
            return found

        return self._submit(job)

    def settle(self, settlements: Sequence[Settlement], now: float) -> "Future[None]":
        """Record what became of claimed deliveries."""

        def job(db: sqlite3.Connection) -> None:
            for settlement in settlements:
                _settle(db, settlement, now)
                self._claimed.discard(settlement.key)

        return self._submit(job)

    def wake(self, config_ids: Sequence[str], now: float) -> "Future[None]":
        """Make parked deliveries due."""

        def job(db: sqlite3.Connection) -> None:
            db.executemany(sql.WAKE_HEADS + " AND config = ?", [(now, config_id) for config_id in config_ids])

        return self._submit(job)

    def expire(self, now: float) -> "Future[int]":
        """Send what is too old to the dead letters, and prune."""

        def job(db: sqlite3.Connection) -> int:
            rows = db.execute("SELECT key FROM delivery WHERE expires <= ?", (now,)).fetchall()
            old = [key for (key,) in rows if key not in self._claimed]
            for key in old:
                _settle(db, Dead(key, "Expired"), now)
            db.execute("DELETE FROM seen WHERE at <= ?", (now - KEEP_SEEN,))
            db.execute("DELETE FROM event WHERE state = 2 AND at <= ?", (now - KEEP_UNROUTED,))
            db.execute("DELETE FROM dead WHERE at <= ?", (now - KEEP_DEAD,))
            return len(old)

        return self._submit(job)

    def next_due(self) -> "Future[float | None]":
        """Return when the next head that is not claimed is due."""

        def job(db: sqlite3.Connection) -> float | None:
            query = "SELECT key, at FROM delivery WHERE at IS NOT NULL ORDER BY at LIMIT ?"
            due = (at for key, at in db.execute(query, (len(self._claimed) + 1,)) if key not in self._claimed)
            return next(due, None)

        return self._submit(job)

    def stats(self) -> "Future[dict[str, float]]":
        """Return how much there is of each."""
        now = self._clock.time()

        def job(db: sqlite3.Connection) -> dict[str, float]:
            def one(query: str) -> float:
                return float(db.execute(query).fetchone()[0] or 0)

            oldest = one("SELECT MIN(created) FROM delivery")
            return {
                "waiting": one("SELECT COUNT(*) FROM event WHERE state = 0"),
                "unrouted": one("SELECT COUNT(*) FROM event WHERE state = 2"),
                "pending": one("SELECT COUNT(*) FROM delivery"),
                "dead": one("SELECT COUNT(*) FROM dead"),
                "oldest_seconds": max(0.0, now - oldest) if oldest else 0.0,
            }

        return self._submit(job)

    def dead(self, limit: int) -> "Future[list[dict[str, Any]]]":
        """Return dead letters, newest first: `key`, `config`, `reason`, `error`, `attempts`, `at`, `event`."""
        query = "SELECT key, config, reason, error, attempts, at, body FROM dead ORDER BY at DESC LIMIT ?"
        names = ("key", "config", "reason", "error", "attempts", "at")

        def job(db: sqlite3.Connection) -> list[dict[str, Any]]:
            rows = db.execute(query, (limit,)).fetchall()
            return [{**dict(zip(names, row[:6], strict=True)), "event": json.loads(row[6])} for row in rows]

        return self._submit(job)

    def _submit(self, job: Callable[[sqlite3.Connection], Any]) -> "Future[Any]":
        return self._database.submit(job)


def delivery_key(sequence: int, config_id: str) -> str:
    """Return the idempotency key of an event on its way to a configuration: the same at every attempt."""
    return sha256(f"{sequence}\0{config_id}".encode()).hexdigest()[:32]


def _append(db: sqlite3.Connection, row: tuple[str, str, str], now: float) -> Receipt:
    source, event_id, body = row
    known = db.execute("SELECT seq FROM seen WHERE source = ? AND id = ?", (source, event_id)).fetchone()
    if known is not None:
        return Receipt(known[0], duplicate=True)
    seq = db.execute("INSERT INTO event (body, at) VALUES (?, ?)", (body, now)).lastrowid or 0
    db.execute("INSERT INTO seen (source, id, seq, at) VALUES (?, ?, ?, ?)", (source, event_id, seq, now))
    return Receipt(seq)


def _new_row(seq: int, target: Target, subject: str, now: float, *, fallback: bool) -> dict[str, Any]:
    key = delivery_key(seq, target.config_id)
    lanes = {Order.STRICT: target.config_id, Order.KEY: f"{target.config_id}\0{subject}", Order.NONE: key}
    return {
        "key": key,
        "seq": seq,
        "config": target.config_id,
        "lane": lanes[target.policy.order],
        "now": now,
        "expires": now + target.policy.expire_after,
        "fallback": int(fallback),
    }


def _settle(db: sqlite3.Connection, settlement: Settlement, now: float) -> None:
    row = db.execute("SELECT seq, lane FROM delivery WHERE key = ?", (settlement.key,)).fetchone()
    if row is None:
        return
    seq, lane = row
    match settlement:
        case Retry(key, at, error):
            query = "UPDATE delivery SET at = ?, error = ?, attempt = attempt + 1, first = COALESCE(first, ?) WHERE key = ?"
            db.execute(query, (at, error, now, key))
            return
        case Parked(key):
            db.execute("UPDATE delivery SET at = NULL WHERE key = ?", (key,))
            return
        case Dead(key, reason, error):
            db.execute(sql.BURY, (reason, error, now, key))
        case HandedOver(_, target):
            db.execute(sql.ADD_DELIVERY, _new_row(seq, target, _subject(db, seq), now, fallback=True))
        case Done():
            pass
    db.execute("DELETE FROM delivery WHERE key = ?", (settlement.key,))
    db.execute(sql.PROMOTE, (now, lane))
    db.execute(sql.DROP_EVENT, (seq,))


def _subject(db: sqlite3.Connection, seq: int) -> str:
    row = db.execute("SELECT body FROM event WHERE seq = ?", (seq,)).fetchone()
    return str(json.loads(row[0]).get("subject", "")) if row is not None else ""


def _event(body: str) -> Event:
    return Event.from_json(json.loads(body))


def _delivery(row: Sequence[Any]) -> Delivery:
    key, seq, config, created, expires, attempt, first, fallback, body = row
    return Delivery(key, seq, config, _event(body), attempt + 1, created, first, expires, bool(fallback))
