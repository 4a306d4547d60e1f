"""One runner per state directory: a lock that the end of its process releases, however that comes.

The engine takes it before it starts anything; a worker, and `--standby`, try again. It protects nothing but the role.
"""

import contextlib
import fcntl
import os
import weakref
from pathlib import Path

from reconciler.model.errors import StateError, StateLocked

_NAME = "runner.lock"


class RunnerLock:
    """An `flock` on `<state directory>/runner.lock`, which holds the process id of the runner for people to read."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / _NAME
        self._handle: int | None = None
        # An orphaned fork would keep the lock of a runner that has died: the child closes its copy.
        ref = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _close_copy(ref))

    def acquire(self) -> None:
        """Take the lock or raise StateLocked, naming its holder; StateError where the file cannot be made."""
        if self._handle is not None:
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StateError(f"cannot write the state directory {self.path.parent}: {error.strerror}") from error
        try:
            self._lock(handle)
            replaced = not _stands_at(self.path, handle)
        except BaseException:
            os.close(handle)
            raise
        if replaced:  # somebody deleted it meanwhile: a lock on a file without a name keeps nobody out
            os.close(handle)
            self.acquire()
        else:
            self._handle = handle

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(handle)
            raise StateLocked(
                f"another runner{holder} holds the state directory {self.path.parent}: stop it, "
                "give this one a --state-dir of its own, or wait for it with --standby"
            ) from error
        except OSError as error:
            raise StateError(f"cannot lock {self.path}: {error.strerror}") from error
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the lock go; does nothing when it is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, 0)
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)

    def holder(self) -> int | None:
        """Return the process id of the runner, or None when none is known to live; takes no lock."""
        try:
            process = int(self.path.read_bytes()[:32])
            os.kill(process, 0)
        except PermissionError:  # it lives, and is somebody else's
            return process
        except (OSError, ValueError, OverflowError):
            return None
        return process

    def close_copy(self) -> None:
        """Close a forked child's copy; unlocking it here would take the lock from the parent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    @property
    def is_held(self) -> bool:
        """Whether this process holds the lock."""
        return self._handle is not None


def _stands_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _holder(handle: int) -> str:
    """Return ` (process 123)`, or nothing where the file does not say."""
    with contextlib.suppress(OSError, ValueError):
        return f" (process {int(os.pread(handle, 32, 0))})"
    return ""


def _close_copy(ref: "weakref.ref[RunnerLock]") -> None:
    lock = ref()
    if lock is not None:
        lock.close_copy()
