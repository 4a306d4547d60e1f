"""The tables of `queue.db` and the statements over them.

A lane is what waits for its head, the oldest delivery in it. `lane.at` is when the head may be claimed, NULL while it
is parked, so that claiming reads an index and never scans. Being claimed stands in a temporary table: it is undone
with a transaction that fails, and forgotten in a crash, after which what was claimed is due again. That is what "at
least once" means.
"""

from reconciler.runtime.delivery import backlog
from reconciler.runtime.state import errand_rows
from reconciler.runtime.state.database_open import Schema

_CONNECTION = """
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE claimed (key TEXT PRIMARY KEY, lane INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
"""

_TABLES = """
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
    at REAL NOT NULL,
    state INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS event_waiting ON event (seq) WHERE state = 0;
CREATE INDEX IF NOT EXISTS event_unrouted ON event (at, seq) WHERE state = 2;

CREATE TABLE IF NOT EXISTS seen (
    source TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_seq ON seen (seq, at);

CREATE TABLE IF NOT EXISTS lane (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    config TEXT NOT NULL,
    at REAL
);
CREATE INDEX IF NOT EXISTS lane_due ON lane (at) WHERE at IS NOT NULL;
CREATE INDEX IF NOT EXISTS lane_parked ON lane (config) WHERE at IS NULL;

CREATE TABLE IF NOT EXISTS delivery (
    key TEXT PRIMARY KEY,
    seq INTEGER NOT NULL, lane INTEGER NOT NULL, config TEXT NOT NULL,
    created REAL NOT NULL, expires REAL NOT NULL, first REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    fallback INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_lane ON delivery (lane, seq);
CREATE INDEX IF NOT EXISTS delivery_seq ON delivery (seq);
CREATE INDEX IF NOT EXISTS delivery_expires ON delivery (expires);

CREATE TABLE IF NOT EXISTS dead (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, config TEXT NOT NULL,
    reason TEXT NOT NULL, error TEXT NOT NULL, attempts INTEGER NOT NULL, at REAL NOT NULL,
    body TEXT NOT NULL
);
"""

SCHEMA = Schema(_TABLES + backlog.INDEX + errand_rows.SCHEMA, _CONNECTION)

WAITING, ROUTED, UNROUTED = 0, 1, 2
"""States of an event: not routed yet; deliveries were made of it; nothing matched."""

_HEADS = """
FROM lane l
JOIN delivery d ON d.lane = l.n AND d.seq = (SELECT MIN(seq) FROM delivery WHERE lane = l.n)
JOIN event e ON e.seq = d.seq
WHERE l.at IS NOT NULL AND l.n NOT IN (SELECT lane FROM claimed)
"""

DUE = (
    "SELECT d.key, d.seq, d.config, d.attempts, d.created, d.first, d.expires, d.fallback, e.body, l.n"
    + _HEADS
    + "AND l.at <= ? ORDER BY l.at, l.n LIMIT ?"
)

OLDEST = """
SELECT MIN(at) FROM event WHERE seq IN
    ((SELECT MIN(seq) FROM delivery), (SELECT MIN(seq) FROM event INDEXED BY event_waiting WHERE state = 0))
"""

NEXT_DUE = "SELECT l.at" + _HEADS + "ORDER BY l.at LIMIT 1"

WAKE = """
UPDATE lane SET at = ? WHERE n IN (SELECT n FROM lane WHERE config = ? AND at IS NULL ORDER BY n LIMIT ?)
"""

WAKE_ALL = "UPDATE lane SET at = CASE WHEN at IS NULL THEN :now ELSE MIN(at, :now + :longest) END"
"""At a start nothing is parked yet, and no lane waits longer than the longest delay there is (a clock set back)."""

ADD_DELIVERY = """
INSERT INTO delivery (key, seq, lane, config, created, expires, fallback) VALUES (?, ?, ?, ?, ?, ?, ?)
"""

RETRY = """
UPDATE delivery SET attempts = attempts + 1, first = COALESCE(first, ?), error = ? WHERE key = ?
"""

BURY = """
INSERT OR REPLACE INTO dead (key, seq, config, reason, error, attempts, at, body)
SELECT d.key, d.seq, d.config, ?, ?, d.attempts + ?, ?, e.body
FROM delivery d JOIN event e ON e.seq = d.seq WHERE d.key = ?
"""

DROP_EVENT = """
DELETE FROM event WHERE seq = ? AND state = 1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.seq = event.seq)
"""

DROP_LANE = "DELETE FROM lane WHERE n = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE lane = ?)"

EXPIRED = "SELECT key, seq, lane FROM delivery WHERE expires <= ? AND key NOT IN (SELECT key FROM claimed) LIMIT ?"
