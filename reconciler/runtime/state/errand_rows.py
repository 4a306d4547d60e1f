"""Errands as rows of `queue.db`: what workers leave for the runner, and its answers. Functions of a connection."""

import sqlite3

MOST = 100
"""How many errands may wait: each is a person's, or a page's."""
PATIENCE = 5.0
"""How long a worker waits for the runner to begin, in seconds: an older errand is not begun, for its worker is gone."""
LONGEST = 60.0
"""After how many seconds nobody waits for an answer any more: an errand is dropped."""
LARGEST = 65_536
"""How many bytes of an errand are read: more than any that a worker leaves."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS errand (
    id TEXT PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL, taken INTEGER NOT NULL DEFAULT 0, answer TEXT
) STRICT, WITHOUT ROWID;
"""


def leave(db: sqlite3.Connection, errand_id: str, body: str, now: float) -> bool:
    """Leave an errand for the runner; returns False when too many wait."""
    db.execute("DELETE FROM errand WHERE abs(at - ?) > ?", (now, LONGEST))
    if db.execute("SELECT count(*) FROM errand").fetchone()[0] >= MOST:
        return False
    db.execute("INSERT INTO errand (id, at, body) VALUES (?, ?, ?)", (errand_id, now, body))
    return True


def take(db: sqlite3.Connection, now: float) -> tuple[bytes, bytes] | None:
    """Take the oldest errand that nobody has taken and somebody may wait for; returns its id and body, as bytes.

    One at a time: a worker whose errand has not come up by the end of its patience can still withdraw it.
    """
    found = db.execute(
        "SELECT CAST(id AS BLOB), substr(CAST(body AS BLOB), 1, ?) FROM errand WHERE taken = 0 AND abs(at - ?) <= ?"
        " ORDER BY at, id LIMIT 1",
        (LARGEST, now, PATIENCE),
    ).fetchone()
    if found is None:
        return None
    db.execute("UPDATE errand SET taken = 1 WHERE id = CAST(? AS TEXT)", (found[0],))
    return found[0], found[1]


def answer(db: sqlite3.Connection, errand_id: bytes, text: str) -> None:
    """Say what came of an errand."""
    db.execute("UPDATE errand SET answer = ? WHERE id = CAST(? AS TEXT)", (text, errand_id))


def fetch(db: sqlite3.Connection, errand_id: str) -> str | None:
    """Return the answer to an errand and drop it, or None while there is none."""
    found = db.execute("DELETE FROM errand WHERE id = ? AND answer IS NOT NULL RETURNING answer", (errand_id,))
    row = found.fetchone()
    return None if row is None else str(row[0])


def withdraw(db: sqlite3.Connection, errand_id: str) -> bool:
    """Drop an errand that nobody has taken; returns whether it was one."""
    return db.execute("DELETE FROM errand WHERE id = ? AND taken = 0", (errand_id,)).rowcount == 1
