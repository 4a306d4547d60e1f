"""Virtual time: it passes when a test says so."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from heapq import heappop, heappush

_Sleeper = tuple[float, int, asyncio.AbstractEventLoop, "asyncio.Future[None]"]
_TURNS = 10
"""So many turns of its loop a sleeper that was woken has to begin what it slept for."""


class VirtualClock:
    """Implements `Clock`. Sleepers may live on any loop, and any thread may let time pass."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._offset = start
        self._now = 0.0
        self._lock = threading.Lock()
        self._turned = threading.Condition(self._lock)
        self._begun = 0
        self._sleepers: list[_Sleeper] = []
        self._waking: Counter[asyncio.AbstractEventLoop] = Counter()
        self._stuck: set[asyncio.AbstractEventLoop] = set()

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
            self._begun += 1
            heappush(self._sleepers, (self._now + seconds, self._begun, loop, done))
        await done

    def advance(self, seconds: float) -> None:
        """Let time pass and wake whom it wakes, in order."""
        self.advance_to(self._now + seconds)

    def advance_to(self, moment: float) -> None:
        """Let time pass until `moment` (monotonic), which does nothing where that is over, and wake whom it wakes."""
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        with self._lock:
            self._now = max(moment, self._now)
            while self._sleepers and self._sleepers[0][0] <= self._now:
                _, _, loop, done = heappop(self._sleepers)
                by_loop.setdefault(loop, []).append(done)
            self._waking.update(by_loop.keys())
        for loop, sleepers in by_loop.items():
            self._wake(loop, sleepers)

    def step(self, seconds: float) -> None:
        """Set the wall clock forward (or back) as an administrator would: monotonic time does not hear of it."""
        self._offset += seconds

    @property
    def begun(self) -> int:
        """How many sleeps have begun so far, one for every call with a deadline: where it grows, something goes on."""
        return self._begun

    @property
    def sleepers(self) -> int:
        """How many sleep now; those that were cancelled count until their time comes."""
        with self._lock:
            return sum(1 for *_, done in self._sleepers if not done.done())

    @property
    def next_due(self) -> float | None:
        """When the first of those that sleep now wakes (monotonic), or None where nobody sleeps."""
        with self._lock:
            while self._sleepers and self._sleepers[0][3].done():
                heappop(self._sleepers)
            return self._sleepers[0][0] if self._sleepers else None

    def let_wake(self, timeout: float) -> bool:
        """Wait until whoever was woken had the time to begin what it slept for, at most `timeout` real seconds.

        Returns whether that is so. A loop that does not turn is not waited for again, before it does.
        """
        with self._turned:
            self._forget_ended()
            if not self._turned.wait_for(lambda: self._waking.keys() <= self._stuck, timeout):
                self._stuck.update(self._waking)
            return not self._waking

    def _wake(self, loop: asyncio.AbstractEventLoop, sleepers: "Sequence[asyncio.Future[None]]") -> None:
        def wake() -> None:
            for done in sleepers:
                if not done.done():
                    done.set_result(None)
            turn(_TURNS)

        def turn(left: int) -> None:
            if left > 0:
                loop.call_soon(turn, left - 1)
            else:
                self._has_turned(loop)

        try:
            loop.call_soon_threadsafe(wake)
        except RuntimeError:  # it is closed: nobody sleeps there any more
            self._has_turned(loop)

    def _has_turned(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._turned:
            self._waking[loop] -= 1
            self._forget_ended()
            self._turned.notify_all()

    def _forget_ended(self) -> None:
        """Forget the loops that have turned, and those that never will."""
        for loop in [loop for loop, count in self._waking.items() if count <= 0 or loop.is_closed()]:
            del self._waking[loop]
            self._stuck.discard(loop)
