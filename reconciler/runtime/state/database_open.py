"""Opening a SQLite file that several processes share: the runner owns it, the others use it as they find it.

Only the owner checks a file, sets it aside when it is corrupt or of another version, and changes its tables; whoever
comes first makes them. Openings take turns by a lock of their own beside the file.
"""

import contextlib
import ctypes
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from reconciler.model.errors import START_AFTER_FORK, NotRunning, StateError
from reconciler.runtime.state.database_file import FileState, Moved, identity, is_truncated

BUSY = 10.0
"""How long a statement waits for another process to end its transaction, in seconds."""
_LONGEST_OPENING = 60.0
"""How long one waits for another process to open, check or rebuild a file, in seconds."""
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8192")
_inherited: set[tuple[int, int]] = set()
"""Files that were open when this process was forked, by identity; always empty in a process that was not.

The one state of a module here, for it mirrors state of SQLite's own, which is one for each process: it keeps books of
its locks by file, and those that a child inherits tell of locks that only the parent has.
"""
log = logging.getLogger(__name__)


class Schema(Struct, frozen=True):
    """`tables` is a script of idempotent statements; `connection` one that every connection runs first.

    `version` goes into `user_version`; a file of another version is of no use.
    """

    tables: str
    connection: str = ""
    version: int = 1


class Opened(Struct, frozen=True):
    """A connection, the file it is on, and where a file was set aside that could not be used."""

    connection: sqlite3.Connection
    file: FileState
    set_aside: Path | None = None


def open_file(path: Path, schema: Schema, *, owner: bool) -> Opened:
    """Open `path`, making it (mode 0600) where it is missing.

    Raises StateError when it cannot be opened, and for a guest also when it is corrupt or of another version;
    NotRunning when the process that this one was forked from had it open.
    """
    if _inherited and identity(path) in _inherited:
        raise NotRunning(f"{path} was open when this process was forked: {START_AFTER_FORK}")
    with _in_turn(path):
        try:
            return _opened(path, schema, owner=owner)
        except sqlite3.OperationalError as error:
            raise StateError(f"cannot open {path}: {error}") from error
        except sqlite3.DatabaseError as error:
            if not owner:
                raise StateError(
                    f"cannot use {path}: {error}; the runner sets such a file aside when it starts"
                ) from error
            return _opened(path, schema, owner=True, set_aside=_quarantine(path, error))


def remake(path: Path, schema: Schema, error: sqlite3.DatabaseError) -> Opened:
    """For the owner, when the file in use is not what it was: set it aside and make it anew; raises StateError.

    Where another file stands in its place already, and is a sound one, that is it: a guest may have begun to write.
    """
    aside = _name_aside(path)
    with _in_turn(path):
        try:
            if isinstance(error, Moved):
                with contextlib.suppress(sqlite3.DatabaseError):
                    made = _opened(path, schema, owner=True, set_aside=aside)
                    log.error("%s is not what it was (%s): %s", path.name, error, "it begins anew")
                    return made
            return _opened(path, schema, owner=True, set_aside=_quarantine(path, error))
        except sqlite3.OperationalError as failure:
            raise StateError(f"cannot open {path}: {failure}") from failure


def _opened(path: Path, schema: Schema, *, owner: bool, set_aside: Path | None = None) -> Opened:
    return Opened(_prepare(path, schema, owner=owner), FileState(path), set_aside)


def check(connection: sqlite3.Connection, version: int) -> None:
    """Raise DatabaseError when the file is damaged, or its tables are of another version."""
    _check_version(connection, version)
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("quick_check failed")


def abandon(opened: Opened) -> None:
    """In a forked child: never use a connection again, nor close it: one more reference than anybody gives back.

    Closing the copy could wait for ever, for a mutex that a thread of the parent holds.
    """
    _inherited.add(opened.file.identity)
    connection = opened.connection
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _prepare(path: Path, schema: Schema, *, owner: bool) -> sqlite3.Connection:
    if is_truncated(path):
        raise sqlite3.DatabaseError("it is empty")
    _make_file(path)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(schema.connection)
        found = _check_version(connection, schema.version)
        if owner:
            check(connection, schema.version)
        if owner or found == 0:
            _make_tables(connection, schema, is_new=found == 0)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_file(path: Path) -> None:
    """Make an empty file; one that is there is not opened, since closing it would drop this process's locks on it."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}") from error


def _check_version(connection: sqlite3.Connection, version: int) -> int:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found not in {0, version}:
        raise sqlite3.DatabaseError(f"schema version {found}, expected {version}")
    return found


def _make_tables(connection: sqlite3.Connection, schema: Schema, *, is_new: bool) -> None:
    """Make what is missing; where nothing is, nothing is written, and no start waits for the disk."""
    noted = f"PRAGMA user_version={schema.version};" if is_new else ""
    connection.executescript(f"BEGIN IMMEDIATE; {schema.tables}; {noted} COMMIT;")


def _quarantine(path: Path, error: sqlite3.DatabaseError) -> Path:
    """Move the file away, its journal first: what is made in its place must not find a journal of another file."""
    aside = _name_aside(path)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    path.with_name(f"{path.name}-wal").unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.replace(aside)
    log.error("%s is corrupt (%s): set aside as %s and rebuilt", path.name, error, aside.name)
    return aside


def _name_aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.corrupt-{int(time.time())}")


@contextlib.contextmanager
def _in_turn(path: Path) -> Iterator[None]:
    """Let one process at a time open `path`, make its tables, or set it aside."""
    try:
        handle = os.open(path.with_name("open.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}") from error
    try:
        _lock(path, handle)
        yield
    finally:
        os.close(handle)


def _lock(path: Path, handle: int) -> None:
    deadline = time.monotonic() + _LONGEST_OPENING
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StateError(f"another process has been opening {path} for {_LONGEST_OPENING:g} s") from error
            time.sleep(0.01)
        else:
            return
