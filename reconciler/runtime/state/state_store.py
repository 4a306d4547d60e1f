"""What survives a restart besides the delivery queue: last good documents, history of passes, overrides, effects.

One SQLite file, `state.db`, in the state directory. It decides nothing and holds no secret: a document arrives here
with its secrets as references, and one that holds a literal is never given to it. Used by the engine.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from reconciler.model.effect import EffectRow, EffectStatus
from reconciler.model.errors import StateError
from reconciler.model.good import Good, Known
from reconciler.model.json import Json
from reconciler.model.override import Override
from reconciler.model.state import PassRecord
from reconciler.runtime.state import override_rows
from reconciler.runtime.state.database import Database
from reconciler.runtime.state.database_open import Schema
from reconciler.runtime.state.stored_document import StoredDocument

T = TypeVar("T")
HISTORY = 1000
"""How many passes are kept."""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS good (
    id TEXT PRIMARY KEY, file TEXT NOT NULL, line INTEGER NOT NULL, digest TEXT NOT NULL,
    accepted_doc TEXT NOT NULL, applied_doc TEXT  -- NULL: never started; '=': the same as accepted_doc
) STRICT;
CREATE TABLE IF NOT EXISTS pass (
    number INTEGER PRIMARY KEY, started REAL NOT NULL, seconds REAL NOT NULL, "trigger" TEXT NOT NULL,
    files INTEGER NOT NULL, configs INTEGER NOT NULL, held INTEGER NOT NULL, errors INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outcome (
    pass INTEGER NOT NULL REFERENCES pass (number) ON DELETE CASCADE, position INTEGER NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (pass, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS effect (
    owner TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, handle TEXT, since REAL NOT NULL, document TEXT,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
"""
_SAME = "="
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class StateStore:
    """The state directory (mode 0700, made when it is missing) and `state.db` in it.

    Every method may be called from any thread. Those that return a future are done when the write is on disk.
    Raises StateError when the directory cannot be used. Only its `owner`, the runner, writes, and sets a corrupt file
    aside; `set_aside` says where.
    """

    def __init__(self, directory: Path, *, owner: bool = True) -> None:
        self.directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"cannot make the state directory {directory}: {error.strerror}") from error
        self._database = Database(directory / "state.db", Schema(_TABLES + override_rows.SCHEMA), owner=owner)

    @property
    def set_aside(self) -> Path | None:
        """Where the file was put that could not be used, or None."""
        return self._database.set_aside

    def become_owner(self) -> None:
        """The runner is gone, and this process takes its place; waits for it."""
        self._database.become_owner().result()

    def close(self) -> None:
        """Finish what was asked for and close the file."""
        self._database.close()

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run a function of the connection in the next transaction, for rows that have a module of their own."""
        return self._database.submit(job)

    def check(self) -> "Future[None]":
        """Look whether the file is still usable; one that is not is set aside and made anew."""
        return self._submit(lambda connection: connection.execute("SELECT count(*) FROM meta").close())

    # --- the root -----------------------------------------------------------------------------------------------

    def load_root(self) -> str | None:
        """Return which folder the root was when it was last read, as `save_root` was told, waiting for it."""
        query = "SELECT value FROM meta WHERE key = 'root'"

        def job(connection: sqlite3.Connection) -> str | None:
            found = connection.execute(query).fetchone()
            return str(found[0]) if found is not None else None

        return self._database.submit(job).result()

    def save_root(self, identity: str) -> "Future[None]":
        """Remember which folder the root is."""
        return self._many("INSERT OR REPLACE INTO meta (key, value) VALUES ('root', ?)", [(identity,)])

    # --- last good ----------------------------------------------------------------------------------------------

    def load_good(self, ids: Collection[str] | None = None) -> dict[str, Good]:
        """Return the last good documents of `ids`, or all, by id, waiting for them.

        A row that cannot be read is left out.
        """
        return self._database.submit(partial(_load_good, ids=ids)).result()

    def load_known(self) -> dict[str, Known]:
        """Return what `load_good` would read, by id and without the documents, waiting for it."""
        return self._database.submit(_load_known).result()

    def known_good(self, ids: Collection[str]) -> "Future[set[str]]":
        """Return those of `ids` that have a last good document."""
        wanted = list(ids)

        def job(connection: sqlite3.Connection) -> set[str]:
            query = "SELECT 1 FROM good WHERE id = ?"
            return {key for key in wanted if connection.execute(query, (key,)).fetchone() is not None}

        return self._database.submit(job)

    def save_good(self, rows: Iterable[Good]) -> "Future[None]":
        """Put rows, replacing those of the same ids."""
        values = [(g.id, g.file, g.line, g.digest, _text(g.accepted), _applied(g)) for g in rows]
        return self._many(
            "INSERT INTO good (id, file, line, digest, accepted_doc, applied_doc) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET file = excluded.file, line = excluded.line, digest = excluded.digest,"
            " accepted_doc = excluded.accepted_doc, applied_doc = excluded.applied_doc",
            values,
        )

    def mark_applied(self, started: Iterable[tuple[str, str]]) -> "Future[None]":
        """Note that what is accepted under an id has started, for (id, digest): nothing where another is accepted."""
        query = f"UPDATE good SET applied_doc = '{_SAME}' WHERE id = ? AND digest = ?"  # noqa: S608 — a constant
        return self._many(query, list(started))

    def forget_good(self, ids: Collection[str]) -> "Future[None]":
        """Drop the rows of `ids`."""
        return self._many("DELETE FROM good WHERE id = ?", [(config_id,) for config_id in ids])

    # --- history ------------------------------------------------------------------------------------------------

    def record_pass(self, record: PassRecord) -> "Future[None]":
        """Add a pass, and drop the oldest beyond the last 1,000."""
        items = [(record.number, i, _encode(action)) for i, action in enumerate(record.actions)]

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM pass WHERE number = ? OR number <= ?", (record.number, record.number - HISTORY)
            )
            connection.execute("INSERT INTO pass VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _pass_row(record))
            connection.executemany("INSERT INTO outcome VALUES (?, ?, ?)", items)

        return self._submit(job)

    def history(self, limit: int) -> "Future[list[PassRecord]]":
        """Return the last `limit` passes, newest first."""
        return self._database.submit(lambda connection: _history(connection, limit))

    # --- effects outside the process ----------------------------------------------------------------------------

    def load_effects(self) -> list[EffectRow]:
        """Return the inventory, waiting for it; a row whose status is not known counts as held."""
        return self._database.submit(_load_effects).result()

    def save_effect(self, row: EffectRow) -> "Future[None]":
        """Put a row, replacing the one of the same owner and key."""
        document = None if row.document is None else _encode(dict(row.document))
        handle = None if row.handle is None else _encode(row.handle)
        values = (row.owner, row.key, row.status.value, handle, row.since, document)
        return self._many("INSERT OR REPLACE INTO effect VALUES (?, ?, ?, ?, ?, ?)", [values])

    def forget_effect(self, owner: str, key: str) -> "Future[None]":
        """Drop a row."""
        return self._many("DELETE FROM effect WHERE owner = ? AND key = ?", [(owner, key)])

    # --- inside -------------------------------------------------------------------------------------------------

    def _many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> "Future[None]":
        def job(connection: sqlite3.Connection) -> None:
            connection.executemany(sql, rows)

        return self._submit(job)

    def _submit(self, job: Callable[[sqlite3.Connection], None]) -> "Future[None]":
        return self._database.submit(job)


def _applied(good: Good) -> str | None:
    """Return how the applied document is stored: most often it is the accepted one."""
    if good.applied is None:
        return None
    if good.applied is good.accepted:
        return _SAME
    text = _text(good.applied)
    return _SAME if text == _text(good.accepted) else text


def _text(document: Mapping[str, Any]) -> str:
    return document.text if isinstance(document, StoredDocument) else _encode(document)


def peek_good(directory: Path) -> dict[str, Good]:
    """Return every last good document of a state directory that no engine uses, and change nothing in it.

    Raises StateError when the file cannot be read; there being none is no error.
    """
    return _peek(directory, _load_good) or {}


def peek_overrides(directory: Path) -> list[Override]:
    """Return the overrides that are kept in a state directory, oldest first, as `peek_good` does."""
    return _peek(directory, override_rows.load) or []


def _peek(directory: Path, load: Callable[[sqlite3.Connection], T]) -> T | None:
    file = directory / "state.db"
    if not file.exists():
        return None
    # What was closed cleanly has no log beside it: then not even a lock file is made.
    mode = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "mode=ro&immutable=1"
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?{mode}", uri=True)) as connection:
            return load(connection)
    except sqlite3.Error as error:
        raise StateError(f"cannot read {file}: {error}") from error


def _load_known(connection: sqlite3.Connection) -> dict[str, Known]:
    query = (
        f"SELECT id, file, line, digest, applied_doc IS '{_SAME}' FROM good"  # noqa: S608 — a constant
        f" WHERE accepted_doc GLOB '{StoredDocument.GLOB}'"
    )
    found = connection.execute(query)
    return {key: Known(key, file, line, digest, same == 1) for key, file, line, digest, same in found}


def _load_good(connection: sqlite3.Connection, ids: Collection[str] | None = None) -> dict[str, Good]:
    found = {}
    query = "SELECT id, file, line, digest, accepted_doc, applied_doc FROM good"
    rows: Iterable[tuple[Any, ...]] = (
        connection.execute(query)
        if ids is None
        else (row for key in ids for row in connection.execute(f"{query} WHERE id = ?", (key,)))
    )
    for config_id, file, line, digest, accepted_text, applied_text in rows:
        accepted = StoredDocument.of(accepted_text)
        if accepted is not None:
            applied = accepted if applied_text == _SAME else StoredDocument.of(applied_text)
            found[config_id] = Good(config_id, file, line, digest, accepted, applied)
    return found


def _load_effects(connection: sqlite3.Connection) -> list[EffectRow]:
    columns = "owner, key, status, handle, since, document"
    known = {status.value: status for status in EffectStatus}
    found = []
    for owner, key, status, handle, since, document in connection.execute(f"SELECT {columns} FROM effect"):  # noqa: S608
        where = known.get(status, EffectStatus.HELD)
        found.append(EffectRow(owner, key, where, _json(handle), since, _decode(document)))
    return found


def _json(text: str | None) -> Json:
    """Return a stored handle, or None where there is none that can be read."""
    try:
        value: Json = None if text is None else json.loads(text)
    except ValueError:
        return None
    return value


def _decode(text: str | None) -> dict[str, Any] | None:
    """Return a stored document, or None: one damaged row must not keep the engine from starting."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _pass_row(record: PassRecord) -> tuple[Any, ...]:
    return (
        record.number,
        record.started,
        record.seconds,
        record.trigger,
        record.files,
        record.configs,
        record.held,
        record.errors,
    )


def _history(connection: sqlite3.Connection, limit: int) -> list[PassRecord]:
    columns = 'number, started, seconds, "trigger", files, configs, held, errors'
    passes = connection.execute(f"SELECT {columns} FROM pass ORDER BY number DESC LIMIT ?", (limit,)).fetchall()  # noqa: S608
    records = []
    for number, started, seconds, trigger, files, configs, held, errors in passes:
        items = connection.execute("SELECT item FROM outcome WHERE pass = ? ORDER BY position", (number,))
        actions = tuple(json.loads(item) for (item,) in items)
        records.append(PassRecord(number, started, seconds, trigger, files, configs, actions, held, errors))
    return records
