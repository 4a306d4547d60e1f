"""What the queue forgets, and when: ids seen, events that matched nothing, dead letters. The queue calls it."""

import sqlite3

from msgspec import Struct

_DAY = 86400.0
_BATCH = 20_000
"""How many rows one call looks at per table: the writer thread has other work to do."""


class Keep(Struct, frozen=True):
    """How long, in seconds, and how many. Ids are kept for `seen` seconds unless more than `seen_count` came since."""

    seen: float = 2 * _DAY
    seen_count: int = 2_000_000
    unrouted: float = 7 * _DAY
    unrouted_count: int = 100_000
    dead: float = 30 * _DAY
    dead_count: int = 100_000


def prune(db: sqlite3.Connection, keep: Keep, now: float) -> None:
    """Delete what is too old or too much, oldest first."""
    _prune_seen(db, keep, now)
    _prune_unrouted(db, keep, now)
    _prune_dead(db, keep, now)


def _prune_seen(db: sqlite3.Connection, keep: Keep, now: float) -> None:
    """Sequence numbers stand for age: one index serves both bounds, and a clock that was set does no harm."""
    newest = db.execute("SELECT MAX(seq) FROM seen").fetchone()[0]
    if newest is None:
        return
    oldest = "SELECT seq, at FROM seen ORDER BY seq LIMIT ?"
    last = db.execute(
        f"SELECT MAX(seq) FROM ({oldest}) WHERE at <= ? OR seq <= ?",  # noqa: S608 — a constant
        (_BATCH, now - keep.seen, newest - keep.seen_count),
    ).fetchone()[0]
    if last is not None:
        db.execute("DELETE FROM seen WHERE seq <= ?", (last,))


def _prune_unrouted(db: sqlite3.Connection, keep: Keep, now: float) -> None:
    old = "SELECT seq FROM event WHERE state = 2 AND at <= ? ORDER BY at LIMIT ?"
    db.execute(f"DELETE FROM event WHERE seq IN ({old})", (now - keep.unrouted, _BATCH))  # noqa: S608
    surplus = "SELECT seq FROM event WHERE state = 2 ORDER BY at DESC, seq DESC LIMIT ? OFFSET ?"
    db.execute(f"DELETE FROM event WHERE seq IN ({surplus})", (_BATCH, keep.unrouted_count))  # noqa: S608


def _prune_dead(db: sqlite3.Connection, keep: Keep, now: float) -> None:
    """Dead letters are numbered as they die, so the number stands for age here too."""
    oldest = "SELECT n, at FROM dead ORDER BY n LIMIT ?"
    newest = db.execute("SELECT MAX(n) FROM dead").fetchone()[0]
    if newest is None:
        return
    last = db.execute(
        f"SELECT MAX(n) FROM ({oldest}) WHERE at <= ? OR n <= ?",  # noqa: S608 — a constant
        (_BATCH, now - keep.dead, newest - keep.dead_count),
    ).fetchone()[0]
    if last is not None:
        db.execute("DELETE FROM dead WHERE n <= ?", (last,))
