"""The heartbeat of the engine's loop: it beats while the loop turns and every task of the engine lives.

A service manager's watchdog and `/livez` hang on it: a thread of their own would tell that the process lives, not
that it works. It goes by real time, on a virtual clock too. Made and run by the engine.
"""

import asyncio
import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)
INTERVAL = 1.0
"""The time between two beats, in seconds."""
DEAD_AFTER = 30.0
"""A loop that has not beaten for so long counts as dead, in seconds."""


class Heartbeat:
    """`ended()` names a task of the engine that has ended although it should not have, or returns None."""

    def __init__(self, ended: Callable[[], str | None]) -> None:
        self._ended = ended
        self._interval = INTERVAL
        self._listeners: list[Callable[[], None]] = []
        self._last = time.monotonic()
        self._said = False
        self.lag = 0.0
        """How much later than asked for the loop came back at the last beat, in seconds."""

    @property
    def alive(self) -> bool:
        """Whether the last beat is recent."""
        return time.monotonic() - self._last < DEAD_AFTER

    def listen(self, beat: Callable[[], None], within: float) -> None:
        """Call `beat` on the engine's loop at every beat, at least three times `within` seconds; it must not block."""
        self._interval = min(self._interval, within / 3)
        self._listeners.append(beat)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            ended = self._ended()
            if ended is None:
                self._last = time.monotonic()
                for beat in self._listeners:
                    beat()
            elif not self._said:
                self._said = True
                log.critical("the engine's %s has ended, which is a fault of reconcile: restart it", ended)
            asked = time.monotonic()
            await asyncio.sleep(self._interval)
            self.lag = max(0.0, time.monotonic() - asked - self._interval)
