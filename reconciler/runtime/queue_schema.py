"""The tables of `queue.db` and the statements over them.

A delivery's `at` is when its lane's head may be claimed. It is NULL for what stands behind a head and for what is
parked, so that claiming reads an index and never scans. Being claimed is kept in memory alone: after a crash every
claimed delivery is due again, which is what "at least once" means.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL,
    at REAL NOT NULL,
    state INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS event_waiting ON event (seq) WHERE state = 0;
CREATE INDEX IF NOT EXISTS event_unrouted ON event (at) WHERE state = 2;
CREATE TABLE IF NOT EXISTS seen (
    source TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS delivery (
    key TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    config TEXT NOT NULL,
    lane TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    first REAL,
    at REAL,
    fallback INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (at, seq) WHERE at IS NOT NULL;
CREATE INDEX IF NOT EXISTS delivery_lane ON delivery (lane, seq);
CREATE INDEX IF NOT EXISTS delivery_config ON delivery (config);
CREATE INDEX IF NOT EXISTS delivery_seq ON delivery (seq);
CREATE INDEX IF NOT EXISTS delivery_expires ON delivery (expires);
CREATE TABLE IF NOT EXISTS dead (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, config TEXT NOT NULL, body TEXT NOT NULL,
    reason TEXT NOT NULL, error TEXT NOT NULL, attempts INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dead_at ON dead (at);
"""

WAITING, ROUTED, UNROUTED = 0, 1, 2
"""States of an event: not routed yet; deliveries were made of it; nothing matched."""

CLAIM = """
SELECT d.key, d.seq, d.config, d.created, d.expires, d.attempt, d.first, d.fallback, e.body
FROM delivery d JOIN event e ON e.seq = d.seq
WHERE d.at IS NOT NULL AND d.at <= ? ORDER BY d.at, d.seq LIMIT ?
"""

ADD_DELIVERY = """
INSERT OR IGNORE INTO delivery (key, seq, config, lane, created, expires, fallback, at)
VALUES (:key, :seq, :config, :lane, :now, :expires, :fallback,
        CASE WHEN EXISTS (SELECT 1 FROM delivery WHERE lane = :lane) THEN NULL ELSE :now END)
"""

PROMOTE = """
UPDATE delivery SET at = ?
WHERE at IS NULL AND key = (SELECT key FROM delivery WHERE lane = ? ORDER BY seq LIMIT 1)
"""

WAKE_HEADS = """
UPDATE delivery SET at = ?
WHERE at IS NULL AND seq = (SELECT MIN(seq) FROM delivery AS other WHERE other.lane = delivery.lane)
"""

BURY = """
INSERT OR REPLACE INTO dead (key, seq, config, body, reason, error, attempts, at)
SELECT d.key, d.seq, d.config, e.body, ?, ?, d.attempt, ? FROM delivery d JOIN event e ON e.seq = d.seq WHERE d.key = ?
"""

DROP_EVENT = """
DELETE FROM event WHERE seq = ? AND state = 1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.seq = event.seq)
"""
