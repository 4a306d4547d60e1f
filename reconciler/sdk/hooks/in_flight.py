"""Counts the calls of one hook that are under way, so that `stop` can refuse new ones and await the others.

Used by the hooks that are called from threads of their hosts. Not a deadline: what is called has its own.
"""

import threading

STOP_WAIT = 5.0
"""How long a stopping hook waits for calls in flight, in seconds: less than the engine's deadline for `shutdown`."""


class InFlight:
    """A gate with a counter; every method may be called from any thread. It is closed until `open`."""

    def __init__(self) -> None:
        self.patience = STOP_WAIT
        self._changed = threading.Condition()
        self._count = 0
        self._open = False

    def open(self) -> None:
        """Let calls in."""
        with self._changed:
            self._open = True

    @property
    def is_open(self) -> bool:
        """Whether calls are let in."""
        return self._open

    def enter(self) -> bool:
        """Count a call in; False when the gate is closed. After True, `leave` must follow."""
        with self._changed:
            if self._open:
                self._count += 1
            return self._open

    def leave(self) -> None:
        """Count a call out."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Refuse further calls."""
        with self._changed:
            self._open = False

    def wait(self, seconds: float | None = None) -> int:
        """Return how many calls are still under way, after waiting at most `seconds`, else `patience`, for none."""
        with self._changed:
            self._changed.wait_for(lambda: self._count == 0, self.patience if seconds is None else seconds)
            return self._count
