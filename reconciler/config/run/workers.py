"""Spreading the files of a root over processes: forked, so that nothing is imported or read twice.

Called by `run` where it pays. A worker sends one `Part` back through a pipe and ends; one that dies is an error with a
sentence, never a traceback and never a hang.
"""

import contextlib
import gc
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.errors import ReconcileError

_PAYS_FROM = 2000
"""Below this many files a second process costs more than it saves."""
_FILES_PER_WORKER = 1000
_MOST = 4
"""More would break the limit on memory, and reading files is the bound by then."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A child, and the end of the pipe that its result comes out of."""

    pid: int
    pipe: int


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
    read_end, write_end = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(read_end)
        os.close(write_end)
        raise ReconcileError(f"cannot start a worker process ({error.strerror}): try --jobs 1") from error
    if pid == 0:
        _be_worker(share, work, write_end, [read_end, *(other.pipe for other in others)])
    os.close(write_end)
    return Worker(pid, read_end)


def _be_worker(share: Any, work: Callable[[Any], Any], pipe: int, foreign: Sequence[int]) -> None:
    """Work and end the process: nothing of the parent's clean-up may run here, nor may its output be flushed twice."""
    status = 1
    try:
        for handle in foreign:
            os.close(handle)
        data = pickle.dumps(work(share), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(pipe, "wb") as out:
            out.write(len(data).to_bytes(8, "big"))
            out.write(data)
        status = 0
    finally:
        os._exit(status)


def receive(worker: Worker) -> Any:
    """Wait for the result of a child and return it; raises ReconcileError when it died."""
    with os.fdopen(os.dup(worker.pipe), "rb") as source:
        head = source.read(8)
        size = int.from_bytes(head, "big")
        data = source.read(size) if len(head) == 8 else b""
    if len(head) < 8 or len(data) < size:
        raise ReconcileError("a worker process ended before its files were checked: try --jobs 1")
    return pickle.loads(data)  # noqa: S301 — from our own child


def end(workers: Sequence[Worker]) -> None:
    """Leave no process behind; those that have sent their part are ending anyway."""
    for worker in workers:
        os.close(worker.pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(worker.pid, 0)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
