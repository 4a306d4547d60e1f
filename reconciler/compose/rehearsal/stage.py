"""What surrounds an integration in a rehearsal in the place of the engine: a clock that stands, hooks that sleep.

Called by `rehearsal.py`.
"""

import asyncio
import time
from concurrent.futures import Future

from reconciler.model.effect import EffectRow
from reconciler.model.errors import ReconcileError
from reconciler.runtime.lanes.dormant import Dormant, Sleeper


class StillClock:
    """The wall clock stands at `now`; deadlines are measured in real time."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def time(self) -> float:
        """Return `now`, in seconds since the epoch."""
        return self.now

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await asyncio.sleep(seconds)


class Asleep(Dormant):
    """Every hook is declared and none is started."""

    def puts(self, sleeper: Sleeper) -> bool:
        """Keep any hook back."""
        self._sleepers.setdefault(sleeper.owner, {})[id(sleeper.hook)] = sleeper
        self._owners[id(sleeper.hook)] = sleeper.owner
        return True


class NoEffects:
    """A store of effects for hooks that are never started."""

    def load_effects(self) -> list[EffectRow]:
        """There are none."""
        return []

    def save_effect(self, row: EffectRow) -> "Future[None]":
        """Refuse: nothing may come about."""
        raise ReconcileError(f"{row.owner}: effects do not come about in a rehearsal")

    def forget_effect(self, owner: str, key: str) -> "Future[None]":
        """Refuse: there is nothing to forget."""
        raise ReconcileError(f"{owner}: the effect {key} is not there in a rehearsal")
