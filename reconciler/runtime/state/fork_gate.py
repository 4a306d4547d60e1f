"""Work that no fork may cut in two: SQLite's mutexes are the process's, and a child would inherit them locked.

Entered by a database's writer around all that it asks of SQLite. A child that then opens a database of its own would
wait for ever for a thread that only its parent has.
"""

import os
import threading
import weakref
from types import TracebackType
from typing import Final

_LONGEST: Final = 5.0
"""How long a fork waits for what is under way, in seconds; a statement that takes longer waits for another process."""


class ForkGate:
    """A context to work in; `os.fork` waits until nobody is in it, and nobody enters while it forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        ref = weakref.ref(self)
        os.register_at_fork(before=lambda: _close(ref), after_in_parent=lambda: _open(ref))

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()


def _close(ref: "weakref.ref[ForkGate]") -> None:
    gate = ref()
    if gate is not None:
        gate._closed = gate._lock.acquire(timeout=_LONGEST)  # noqa: SLF001 — a part of this class that must not hold it


def _open(ref: "weakref.ref[ForkGate]") -> None:
    gate = ref()
    if gate is not None and gate._closed:  # noqa: SLF001 — as above
        gate._closed = False  # noqa: SLF001
        gate._lock.release()  # noqa: SLF001
