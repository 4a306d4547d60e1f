"""One file in the state directory that may be lost at any time: written beside its place, then put there whole.

It holds what `reconciler/config/tree/kept.py` gives it, documents with their secrets as references (mode 0600). There
is no fsync: after a power cut it may be damaged, and its reader finds that out by its checksum.
"""

import logging
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

READ_CACHE = "read.cache"
"""Its name in the state directory."""
MOST = 1 << 30
"""Above so many bytes nothing is written or read."""
_FLAGS = os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
log = logging.getLogger(__name__)


class FileShelf:
    """A `Shelf` on disk. Whoever does not `write` only reads."""

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self._path = path
        self._write = write

    def load(self) -> bytes | None:
        """Return the bytes, or None where there is no such file of a size that makes sense, written by us alone."""
        return self._read(-1)

    def peek(self, size: int) -> bytes | None:
        """Return the first `size` bytes, or None where `load` would."""
        return self._read(size)

    def _read(self, size: int) -> bytes | None:
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | _FLAGS)
            with os.fdopen(handle, "rb", buffering=0) as opened:
                status = os.fstat(handle)
                return opened.read(size) if _is_ours(status) else None
        except OSError:
            return None

    def save(self, parts: Iterable[bytes]) -> None:
        """Replace the file by `parts`; where that fails, none is left that says something else."""
        if not self._write:
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            self._put(fresh, parts)
        except (OSError, ValueError) as error:
            log.warning("%s cannot be written (%s): the next start reads every file", self._path, error)
            for path in (fresh, self._path):
                with suppress(OSError):
                    path.unlink()

    def _put(self, fresh: Path, parts: Iterable[bytes]) -> None:
        with suppress(FileNotFoundError):
            fresh.unlink()
        size = 0
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
        with os.fdopen(handle, "wb") as opened:
            for part in parts:
                size += len(part)
                if size > MOST:
                    raise ValueError(f"it would be larger than {MOST} bytes")
                opened.write(part)
        fresh.replace(self._path)


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody else can have written it: what it says is believed, and applied without being judged again."""
    if not stat.S_ISREG(status.st_mode) or status.st_size > MOST:
        return False
    return not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)
