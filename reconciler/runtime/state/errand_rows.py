"""Errands as rows of `queue.db`: what workers leave for the runner, and its answers. Functions of a connection."""

import sqlite3

MOST = 100
"""How many errands may wait: each is a person's, or a page's."""
LONGEST = 60.0
"""After how many seconds nobody waits for an errand any more: it is dropped, and not run."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS errand (
    id TEXT PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0, answer TEXT
) STRICT, WITHOUT ROWID;
"""


def leave(db: sqlite3.Connection, errand_id: str, body: str, now: float) -> bool:
    """Leave an errand for the runner; returns False when too many wait."""
    db.execute("DELETE FROM errand WHERE at < ?", (now - LONGEST,))
    if db.execute("SELECT count(*) FROM errand").fetchone()[0] >= MOST:
        return False
    db.execute("INSERT INTO errand (id, at, body) VALUES (?, ?, ?)", (errand_id, now, body))
    return True


def take(db: sqlite3.Connection, now: float) -> list[tuple[str, str]]:
    """Return the ids and bodies of the errands that nobody has taken, oldest first, and take them."""
    db.execute("DELETE FROM errand WHERE at < ?", (now - LONGEST,))
    found = db.execute("SELECT id, body FROM errand WHERE taken = 0 ORDER BY at, id").fetchall()
    db.execute("UPDATE errand SET taken = 1 WHERE taken = 0")
    return [(row[0], row[1]) for row in found]


def answer(db: sqlite3.Connection, errand_id: str, text: str) -> None:
    """Say what came of an errand."""
    db.execute("UPDATE errand SET answer = ? WHERE id = ?", (text, errand_id))


def fetch(db: sqlite3.Connection, errand_id: str) -> str | None:
    """Return the answer to an errand and drop it, or None while there is none."""
    found = db.execute("DELETE FROM errand WHERE id = ? AND answer IS NOT NULL RETURNING answer", (errand_id,))
    row = found.fetchone()
    return None if row is None else str(row[0])


def withdraw(db: sqlite3.Connection, errand_id: str) -> bool:
    """Drop an errand that nobody has taken; returns whether it was one."""
    return db.execute("DELETE FROM errand WHERE id = ? AND taken = 0", (errand_id,)).rowcount == 1
