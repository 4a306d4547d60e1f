"""The delivery queue on SQLite: durable, deduplicated, at least once, in order per lane.

Implements `DeliveryQueue`. It knows ids and times only; what is sent, and whether it may be, is the dispatcher's.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from reconciler.model.delivery import Backlog, Delivery, Failing
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Receipt, Retry, Settlement, Target
from reconciler.runtime.delivery import backlog as backlogs
from reconciler.runtime.delivery import queue_rows as rows
from reconciler.runtime.delivery import queue_schema as sql
from reconciler.runtime.delivery.queue_prune import Keep, prune
from reconciler.runtime.delivery.queue_time import SteadyTime
from reconciler.runtime.state.database import Database

T = TypeVar("T")
LONGEST_DELAY = 86400.0
"""No retry is put off for longer, in seconds."""
_EXPIRE_AT_ONCE = 1000
_NO_LIMIT = -1


class SqliteQueue:
    """One queue in `queue.db` of a state directory. Every job runs in the database's writer thread.

    Several processes append to it; only its owner, the runner, routes, claims and settles. Raises StateError when the
    file cannot be opened; every method raises NotRunning once the queue is closed, or in a forked child.
    """

    def __init__(self, directory: Path, clock: Clock, *, keep: Keep | None = None, owner: bool = True) -> None:
        self._time = SteadyTime(clock)
        self._keep = keep or Keep()
        self._database = Database(directory / "queue.db", sql.SCHEMA, owner=owner)
        if owner:
            self.submit(self._begin).result()

    @property
    def set_aside(self) -> Path | None:
        """Where a corrupt file was put at the start, or None."""
        return self._database.set_aside

    def close(self) -> None:
        """Commit what is queued and close."""
        self._database.close()

    def become_owner(self) -> None:
        """The runner is gone, and this process takes its place: what it had claimed or parked is due; waits for it."""
        self._database.become_owner().result()
        self.submit(self._begin).result()

    def watch(self, on_other: Callable[[], None]) -> None:
        """Have `on_other` called, in a thread of the queue, soon after another process has appended events."""
        self._database.watch(on_other)

    def append(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Store events, all or none; raises EventError at once for data that is not JSON."""
        return self.prepare(events)()

    def prepare(self, events: Sequence[Event]) -> "Callable[[], Future[list[Receipt]]]":
        """Return what appends `events` when it is called; raises EventError now for data that is not JSON."""
        self._database.check_open()
        prepared = [rows.event_row(event) for event in events]

        def append() -> "Future[list[Receipt]]":
            now = self._time.now()
            return self.submit(lambda db: [rows.append(db, row, now) for row in prepared])

        return append

    def waiting(self, limit: int) -> "Future[list[tuple[int, Event]]]":
        """Return events that were not routed yet, oldest first."""
        return self.submit(lambda db: rows.waiting(db, limit))

    def route(self, routed: Sequence[tuple[int, Sequence[Target]]]) -> "Future[None]":
        """Make deliveries and mark the events, in one transaction."""
        now = self._time.now()

        def job(db: sqlite3.Connection) -> None:
            for seq, targets in routed:
                rows.route(db, seq, targets, now)

        return self.submit(job)

    def claim(self, now: float, limit: int) -> "Future[list[Delivery]]":
        """Return due heads that are not claimed yet, longest due first, and claim them."""
        steady = self._time.inward(now)

        def job(db: sqlite3.Connection) -> list[Delivery]:
            claimed = []
            for row in db.execute(sql.DUE, (steady, limit)).fetchall():
                key, seq, lane = row[0], row[1], row[9]
                try:
                    claimed.append(self._delivery(row))
                except (ValueError, RecursionError):
                    rows.drop_unreadable(db, key, seq, lane)
                else:
                    db.execute("INSERT INTO claimed (key, lane) VALUES (?, ?)", (key, lane))
            return claimed

        return self.submit(job)

    def settle(self, settlements: Sequence[Settlement], now: float) -> "Future[None]":
        """Record what became of claimed deliveries; those that are not there any more are passed over."""
        steady = self._time.inward(now)
        inward = [self._inward(settlement) for settlement in settlements]

        def job(db: sqlite3.Connection) -> None:
            for settlement in inward:
                rows.settle(db, settlement, steady)

        return self.submit(job)

    def wake(self, config_ids: Sequence[str], now: float, limit: int | None = None) -> "Future[int]":
        """Make parked lanes due, oldest first, at most `limit` for each configuration; returns how many woke."""
        steady, most = self._time.inward(now), _NO_LIMIT if limit is None else limit

        def job(db: sqlite3.Connection) -> int:
            return sum(db.execute(sql.WAKE, (steady, config_id, most)).rowcount for config_id in config_ids)

        return self.submit(job)

    def hasten(self, config_ids: Collection[str], now: float) -> "Future[int]":
        """Make lanes of these configurations due that wait for a later time; returns how many."""
        steady, wanted = self._time.inward(now), frozenset(config_ids)

        def job(db: sqlite3.Connection) -> int:
            waiting = db.execute("SELECT n, config FROM lane WHERE at > ?", (steady,)).fetchall()
            lanes = [(steady, lane) for lane, config_id in waiting if config_id in wanted]
            db.executemany("UPDATE lane SET at = ? WHERE n = ?", lanes)
            return len(lanes)

        return self.submit(job)

    def expire(self, now: float) -> "Future[int]":
        """Send what is too old to the dead letters, a thousand at most, and prune; returns how many died."""
        steady = self._time.inward(now)

        def job(db: sqlite3.Connection) -> int:
            prune(db, self._keep, steady)
            return rows.expire(db, steady, _EXPIRE_AT_ONCE)

        return self.submit(job)

    def next_due(self) -> "Future[float | None]":
        """Return when the next head that is not claimed is due, or None."""

        def job(db: sqlite3.Connection) -> float | None:
            found = db.execute(sql.NEXT_DUE).fetchone()
            return self._outward(found[0]) if found is not None else None

        return self.submit(job)

    def stats(self) -> "Future[dict[str, float]]":
        """Return how much there is of each, and the age of the oldest event that waits or is not delivered to all."""

        def job(db: sqlite3.Connection) -> dict[str, float]:
            def one(query: str) -> Any:
                return db.execute(query).fetchone()[0]

            oldest = one(sql.OLDEST)
            return {
                "waiting": float(one("SELECT COUNT(*) FROM event WHERE state = 0")),
                "unrouted": float(one("SELECT COUNT(*) FROM event WHERE state = 2")),
                "pending": float(one("SELECT COUNT(*) FROM delivery")),
                "dead": float(one("SELECT COUNT(*) FROM dead")),
                "oldest_seconds": max(0.0, self._time.now() - oldest) if oldest is not None else 0.0,
                "failing": float(backlogs.how_many_fail(db)),
            }

        return self.submit(job)

    def backlog(self) -> "Future[dict[str, Backlog]]":
        """Return what waits for each configuration that anything waits for."""

        def job(db: sqlite3.Connection) -> dict[str, Backlog]:
            found = backlogs.backlog(db, self._time.now())
            return {key: Backlog(one.pending, self._outward(one.next_attempt)) for key, one in found.items()}

        return self.submit(job)

    def failing(self) -> "Future[list[Failing]]":
        """Return which configurations have deliveries that were tried in vain, and the oldest one's error."""

        def job(db: sqlite3.Connection) -> list[Failing]:
            return [replace(one, since=self._outward(one.since)) for one in backlogs.failing(db)]

        return self.submit(job)

    def dead(self, limit: int) -> "Future[list[dict[str, Any]]]":
        """Return dead letters, newest first: `key`, `config`, `reason`, `error`, `attempts`, `at`, `event`."""
        query = "SELECT key, config, reason, error, attempts, at, body FROM dead ORDER BY n DESC LIMIT ?"
        names = ("key", "config", "reason", "error", "attempts", "at", "event")

        def job(db: sqlite3.Connection) -> list[dict[str, Any]]:
            found = [dict(zip(names, row, strict=True)) for row in db.execute(query, (limit,))]
            return [{**row, "at": self._time.outward(row["at"]), "event": json.loads(row["event"])} for row in found]

        return self.submit(job)

    def _begin(self, db: sqlite3.Connection) -> None:
        db.execute(sql.WAKE_ALL, {"now": self._time.now(), "longest": LONGEST_DELAY})

    def _delivery(self, row: Sequence[Any]) -> Delivery:
        key, seq, config_id, attempts, created, first, expires, fallback, body, _ = row
        return Delivery(
            key=key,
            sequence=seq,
            config_id=config_id,
            event=rows.read_event(body),
            attempt=attempts + 1,
            created=self._time.outward(created),
            first_attempt=self._outward(first),
            expires=self._time.outward(expires),
            is_fallback=bool(fallback),
        )

    def _outward(self, steady: float | None) -> float | None:
        return self._time.outward(steady) if steady is not None else None

    def _inward(self, settlement: Settlement) -> Settlement:
        if isinstance(settlement, Retry):
            return Retry(settlement.key, self._time.inward(settlement.at), settlement.error)
        return settlement

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run a function of the connection in the next transaction, for rows that have a module of their own too."""
        return self._database.submit(job)
