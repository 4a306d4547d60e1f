"""What would not go: calls of a clean-up that failed, kept to be made again until they succeed.

A value store, by owner. `hook_host.py` and `integration_runtime.py` put into it, `cleaner.py` decides when it is tried
again. What was abandoned with its lane cannot be tried again and is not kept.
"""

import math
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.runtime.lanes.lane import Lane


class Leftover(Struct, frozen=True):
    """One call that failed, on `subject`, a hook or a version of an owner.

    `while_down`: it undoes its owner as a whole, and makes no sense once that runs again.
    """

    what: str
    error: str
    lane: Lane
    again: Callable[[], Awaitable[Any]]
    subject: object = None
    while_down: bool = False

    @property
    def message(self) -> str:
        """Say what is left, and why."""
        return f"{self.what} failed: {self.error}"


class _Owner(Struct, eq=False):
    leftovers: list[Leftover] = field(default_factory=list)
    attempts: int = 0
    due: float | None = None


class CleanUps:
    """Leftovers by the id of their owner, an integration or a configuration. Used on the engine's loop."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}
        self.tries: dict[str, tuple[int, float]] = {}
        """How often an owner's effects could not be removed, and when that is tried again (monotonic)."""

    def keep(self, owner: str, leftover: Leftover) -> None:
        """Remember a call that failed."""
        if not leftover.lane.closed:
            self._owners.setdefault(owner, _Owner()).leftovers.append(leftover)

    def of(self, owner: str) -> tuple[Leftover, ...]:
        """Return what is left of an owner and can still be tried; may be called from any thread."""
        entry = self._owners.get(owner)
        return tuple(one for one in entry.leftovers if not one.lane.closed) if entry is not None else ()

    def in_lane(self, integration: str) -> list[str]:
        """Return the owners, an integration and its configurations, of which something is left."""
        return [key for key in list(self._owners) if key.partition("/")[0] == integration and self.of(key)]

    def due(self, owner: str) -> float | None:
        """Return when the owner's are tried again (monotonic), or None while that is not settled."""
        entry = self._owners.get(owner)
        return entry.due if entry is not None else None

    def hasten(self, owner: str) -> None:
        """Try again now what is left of an owner: somebody asks for it."""
        self.tries.pop(owner, None)
        entry = self._owners.get(owner)
        if entry is not None:
            entry.due = -math.inf

    def postpone(self, owner: str, delay: Callable[[int], float], now: float) -> float:
        """Settle when they are tried again: `delay(attempt)` from `now`."""
        entry = self._owners[owner]
        entry.attempts += 1
        entry.due = now + delay(entry.attempts)
        return entry.due

    def runs_again(self, owner: str) -> None:
        """The owner is up again: what would undo it as a whole is dropped."""
        entry = self._owners.get(owner)
        if entry is not None:
            entry.leftovers = [leftover for leftover in entry.leftovers if not leftover.while_down]

    def drop(self, owner: str, is_meant: Callable[[object], bool]) -> None:
        """Give up the calls on the subjects that are meant: it was started again, or somebody else has seen to it."""
        entry = self._owners.get(owner)
        if entry is not None:
            entry.leftovers = [leftover for leftover in entry.leftovers if not is_meant(leftover.subject)]

    def taken(self, owner: str) -> list[Leftover]:
        """Hand over what is left, to be tried now; what fails again is to be kept again."""
        entry = self._owners.get(owner)
        if entry is None:
            return []
        taken, entry.leftovers, entry.due = entry.leftovers, [], None
        return [leftover for leftover in taken if not leftover.lane.closed]

    def failed_again(self, owner: str, leftover: Leftover, error: str) -> None:
        """Keep a call that was taken and has failed again."""
        if not leftover.lane.closed:
            self._owners.setdefault(owner, _Owner()).leftovers.append(replace(leftover, error=error))

    def known(self, owner: str) -> bool:
        """Whether something was left of an owner, be it settled meanwhile."""
        return owner in self._owners

    def among(self, owners: AbstractSet[str]) -> set[str]:
        """Return those of `owners` that are `known`."""
        return self._owners.keys() & owners

    def forget(self, owner: str) -> None:
        """Nothing is left of an owner: what is known of earlier tries is dropped."""
        self._owners.pop(owner, None)
