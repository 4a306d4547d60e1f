"""Whether something was mounted or unmounted where a root stands. Used by the watcher; it watches no files.

Unmounting ends a watch without a word, and what is mounted next may have the same device and inode as before, so the
root's identity does not tell. The kernel's table of mounts says that it has changed, and the paths in it, where.
"""

import os
import select

_TABLE = "/proc/self/mountinfo"
_MOUNT_POINT = 4


class MountTable:
    """The mounts on the way to one root and beneath it. Where the system has no such table, nothing ever changes."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._poll = select.poll()
        try:
            self._handle = os.open(_TABLE, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        self._poll.register(self._handle, select.POLLPRI)
        self._concerning: list[bytes] = []

    def has_changed(self, root: str) -> bool:
        """Whether mounts that concern `root` (resolved) may have come or gone since the last call; costs one call."""
        if self._handle is None or not self._poll.poll(0):
            return False
        before, self._concerning = self._concerning, self._read(root)
        return bool(before or self._concerning)

    def look(self, root: str) -> None:
        """Take the table as it is now for the state that later ones are compared with."""
        self.has_changed(root)
        if self._handle is not None:
            self._concerning = self._read(root)

    def close(self) -> None:
        """Let the table go; nothing changes any more."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _read(self, root: str) -> list[bytes]:
        """Return the mount points above `root`, but for `/`, and at or beneath it."""
        assert self._handle is not None
        path = os.fsencode(root)
        os.lseek(self._handle, 0, os.SEEK_SET)
        data = b""
        while part := os.read(self._handle, 1 << 16):
            data += part
        points = [_unescaped(line.split(b" ", 5)[_MOUNT_POINT]) for line in data.splitlines()]
        return [p for p in points if p != b"/" and (_is_at_or_beneath(path, p) or _is_at_or_beneath(p, path))]


def _is_at_or_beneath(path: bytes, top: bytes) -> bool:
    return path == top or path.startswith(top + b"/")


def _unescaped(text: bytes) -> bytes:
    r"""Return a path of the table as it is: blanks are written as `\040`."""
    return text.decode("unicode_escape").encode("latin-1") if b"\\" in text else text
