"""Whether a database's file is still what SQLite believes it to be. Used by `database` and `database_open`.

SQLite reads a page once and keeps it: a file that was truncated or replaced beneath it goes unnoticed until it hurts.
"""

import sqlite3
import threading
from pathlib import Path

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BEING_MADE = 0.5
"""How long another process may take from making a file to writing its first page, in seconds."""


class Replaced(sqlite3.DatabaseError):
    """The file is not the one that was opened, or has lost its end."""


class Moved(Replaced):
    """The file does not stand at its path any more; another may."""


class FileState:
    """One open file: its identity, and the size that it has had."""

    def __init__(self, path: Path) -> None:
        self._path = path
        status = path.stat()
        self.identity, self._size = (status.st_dev, status.st_ino), status.st_size

    def check(self) -> None:
        """Raise Replaced when the file at the path is another one, is gone, or is smaller than it was.

        SQLite never makes a file smaller without VACUUM, which nobody here calls.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            raise Moved("it was deleted while it was in use") from None
        except OSError:
            return
        if (status.st_dev, status.st_ino) != self.identity:
            raise Moved("it was replaced while it was in use")
        if status.st_size < self._size:
            raise Replaced(f"it had {self._size} bytes and has {status.st_size}")

    def is_moved(self) -> bool:
        """Whether the file does not stand at its path any more."""
        return identity(self._path) != self.identity

    def note(self) -> None:
        """Take the size as it is after a commit."""
        try:
            self._size = max(self._size, self._path.stat().st_size)
        except OSError:
            return


def identity(path: Path) -> tuple[int, int]:
    """Return device and inode of the file that stands at `path` now; (0, 0) when there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def is_busy(error: BaseException) -> bool:
    """Whether an error means that another process has kept the file locked for longer than one waits."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_BUSY


def is_corruption(error: BaseException) -> bool:
    """Whether an error means that the file itself is unusable, not that the disk is full or the statement wrong."""
    if isinstance(error, Replaced):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.DatabaseError) and isinstance(code, int) and (code & 0xFF) in _CORRUPT


def is_truncated(path: Path) -> bool:
    """Whether there is a file without a byte in it, which no other process is just making."""
    if not _is_empty(path):
        return False
    threading.Event().wait(_BEING_MADE)
    return _is_empty(path)


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
