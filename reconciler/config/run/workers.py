"""Spreading the files of a root over processes: forked, so that nothing is imported or read twice.

Called by `run` where it pays. A worker leaves one `Part` in memory that both have, says so through a pipe, and ends;
one that dies is an error with a sentence, never a traceback and never a hang.
"""

import contextlib
import gc
import mmap
import os
import pickle
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from reconciler.model.errors import ReconcileError

_PAYS_FROM = 2000
"""Below this many files a second process costs more than it saves."""
_FILES_PER_WORKER = 1000
_MOST = 4
"""More would break the limit on memory, and reading files is the bound by then."""


class Worker(Struct, frozen=True):
    """A child, the end of the pipe that says what it has left, and the file without a name that this lies in."""

    pid: int
    pipe: int
    sheet: int


def how_many(jobs: int | None, files: int) -> int:
    """Return how many processes to use: `jobs` where it is given, else as many as pay. 1 where forking is unsafe."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    if jobs:
        return max(1, min(jobs, files))
    if files < _PAYS_FROM:
        return 1
    return max(1, min(_processors(), _MOST, files // _FILES_PER_WORKER))


def spread(shares: Sequence[Any], work: Callable[[Any], Any]) -> list[Any]:
    """Return `[work(share) for share in shares]`, the first one worked here and each other one in a process of its own.

    What `work` returns must be picklable. Raises ReconcileError when a worker dies.
    """
    # Objects made so far are not to be visited by a collection: that would copy every page they stand on.
    gc.freeze()
    workers: list[Worker] = []
    try:
        for share in shares[1:]:
            workers.append(start(share, work, workers))
        results = [work(shares[0])]
        results += [receive(worker) for worker in workers]
    finally:
        end(workers)
        gc.unfreeze()
    return results


class Turns:
    """Numbers from 0, each for one of all the processes that ask: whoever is quicker does more.

    To be made before the others are forked, and closed here when they have ended.
    """

    def __init__(self, count: int) -> None:
        """`count` is at most `MOST`."""
        self._read, write = os.pipe()
        with os.fdopen(write, "wb") as out:
            out.write(bytes(range(count)))

    def __iter__(self) -> Iterator[int]:
        """Return the numbers that fall to this process; each is taken when it is asked for."""
        while taken := os.read(self._read, 1):
            yield taken[0]

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._read)

    MOST: Final = 256


def start(share: Any, work: Callable[[Any], Any], others: Sequence[Worker]) -> Worker:
    """Fork a child that makes `work(share)`; it closes the pipes of `others`. Raises ReconcileError."""
    try:
        sheet, (read_end, write_end) = _sheet(), os.pipe()
    except OSError as error:
        raise ReconcileError(f"cannot start a worker process ({error.strerror}): try --jobs 1") from error
    try:
        pid = os.fork()
    except OSError as error:
        for handle in (sheet, read_end, write_end):
            os.close(handle)
        raise ReconcileError(f"cannot start a worker process ({error.strerror}): try --jobs 1") from error
    if pid == 0:
        _be_worker(share, work, write_end, sheet, [read_end, *(other.pipe for other in others)])
    os.close(write_end)
    return Worker(pid, read_end, sheet)


def _sheet() -> int:
    """Return a file without a name: in memory, where the system has that."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("reconcile-part")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _be_worker(share: Any, work: Callable[[Any], Any], pipe: int, sheet: int, foreign: Sequence[int]) -> None:
    """Work and end the process: nothing of the parent's clean-up may run here, nor may its output be flushed twice."""
    status = 1
    try:
        for handle in foreign:
            os.close(handle)
        found = work(share)
        is_raw = isinstance(found, bytes)
        data = found if is_raw else pickle.dumps(found, pickle.HIGHEST_PROTOCOL)
        with os.fdopen(sheet, "wb") as out:
            out.write(data)
        os.write(pipe, bytes([is_raw]) + len(data).to_bytes(8, "big"))
        status = 0
    finally:
        os._exit(status)


def receive(worker: Worker) -> Any:
    """Wait for the result of a child and return it, bytes as a view of them; raises ReconcileError when it died."""
    head = os.read(worker.pipe, 9)
    size = int.from_bytes(head[1:], "big")
    if len(head) < 9 or not size:
        raise ReconcileError("a worker process ended before its files were checked: try --jobs 1")
    data = memoryview(mmap.mmap(worker.sheet, size, access=mmap.ACCESS_READ))
    return data if head[0] else pickle.loads(data)  # noqa: S301 — from our own child


def end(workers: Sequence[Worker]) -> None:
    """Leave no process behind; those that have sent their part are ending anyway."""
    for worker in workers:
        os.close(worker.pipe)
        os.close(worker.sheet)
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(worker.pid, 0)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
