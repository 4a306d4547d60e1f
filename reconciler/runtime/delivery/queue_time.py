"""The queue's own time: the wall clock as it was at the start, carried on by the monotonic one.

Whoever sets the clock a day forward must not send every delivery to the dead letters, nor stall them all by setting it
back. So what the queue stores never follows a step; what it is asked in, and answers in, is the wall clock's time.
"""

from reconciler.model.ports import Clock


class SteadyTime:
    """Used from any thread; it holds nothing that changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.time() - clock.monotonic()

    def now(self) -> float:
        """Return the steady time, in seconds since the epoch as it seemed at the start."""
        return self._start + self._clock.monotonic()

    def inward(self, wall: float) -> float:
        """Return the steady time of what is `wall` now by the wall clock."""
        return wall + (self.now() - self._clock.time())  # the sum of two such times would lose a bit

    def outward(self, steady: float) -> float:
        """Return what `steady` is now by the wall clock."""
        return steady + (self._clock.time() - self.now())
