"""Virtual time: it passes when a test says so."""

import asyncio
import itertools
import threading
from heapq import heappop, heappush

_Sleeper = tuple[float, int, asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class VirtualClock:
    """Implements `Clock`. Sleepers may live on any loop, and any thread may let time pass."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._offset = start
        self._now = 0.0
        self._lock = threading.Lock()
        self._count = itertools.count()
        self._sleepers: list[_Sleeper] = []

    def time(self) -> float:
        """Return the wall clock's time, in seconds since the epoch."""
        return self._offset + self._now

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` of virtual time have passed."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        with self._lock:
            heappush(self._sleepers, (self._now + seconds, next(self._count), loop, done))
        await done

    def advance(self, seconds: float) -> None:
        """Let time pass and wake whom it wakes, in order."""
        with self._lock:
            self._now += seconds
            due = []
            while self._sleepers and self._sleepers[0][0] <= self._now:
                due.append(heappop(self._sleepers))
        for _, _, loop, done in due:
            _wake(loop, done)

    def step(self, seconds: float) -> None:
        """Set the wall clock forward (or back) as an administrator would: monotonic time does not hear of it."""
        self._offset += seconds

    @property
    def sleepers(self) -> int:
        """How many sleep now; those that were cancelled count until their time comes."""
        with self._lock:
            return sum(1 for *_, done in self._sleepers if not done.done())


def _wake(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[None]") -> None:
    def wake() -> None:
        if not done.done():
            done.set_result(None)

    try:
        loop.call_soon_threadsafe(wake)
    except RuntimeError:  # its loop is closed: nobody sleeps there any more
        return
