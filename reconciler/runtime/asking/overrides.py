"""The overrides in force, in memory, and when each of them ends. Changed on the engine's loop alone.

Ends go by the monotonic clock: whoever sets the wall clock neither ends them all at once nor makes them last longer.
"""

from reconciler.core.in_force.lastgood import Effective
from reconciler.core.in_force.override import NOTHING, Imposed, imposed, suspended
from reconciler.model.config import ConfigDocument
from reconciler.model.override import Override, OverrideKind, Selector
from reconciler.model.ports import Clock


class Overrides:
    """What is set aside now. `in_force` is a new tuple at every change: other threads may read it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[int, float] = {}
        self.in_force: tuple[Override, ...] = ()

    def put(self, override: Override) -> None:
        """Let an override be in force, in the place of the one with its number; with its times, it ends as that did."""
        ends = {(one.number, one.since, one.until): self._ends.get(one.number) for one in self.in_force}
        others = [one for one in self.in_force if one.number != override.number]
        self.in_force = tuple(sorted([*others, override], key=lambda one: one.number))
        end = ends.get((override.number, override.since, override.until))
        self._ends.pop(override.number, None)
        if end is not None:
            self._ends[override.number] = end
        elif override.until is not None:
            # A clock that was set back while nothing ran must not make it longer than what was asked for.
            left = min(override.until - self._clock.time(), override.until - override.since)
            self._ends[override.number] = self._clock.monotonic() + left

    def drop(self, number: int) -> None:
        """End an override."""
        self.in_force = tuple(one for one in self.in_force if one.number != number)
        self._ends.pop(number, None)

    def same(self, kind: OverrideKind, selector: Selector) -> Override | None:
        """Return the override of this kind with exactly this selector, or None."""
        return next((one for one in self.in_force if (one.kind, one.selector) == (kind, selector)), None)

    def over(self) -> list[Override]:
        """Return those whose time has come."""
        now = self._clock.monotonic()
        return [one for one in self.in_force if self._ends.get(one.number, now + 1.0) <= now]

    def next_end(self) -> float | None:
        """Return in how many seconds the next one ends, or None."""
        return min(self._ends.values()) - self._clock.monotonic() if self._ends else None

    def suspended(self, config_id: str, desired: ConfigDocument | None, accepted: ConfigDocument | None) -> bool:
        """Whether changes of a configuration's file wait."""
        return bool(self.in_force) and suspended(self.in_force, config_id, desired, accepted)

    def imposed(self, want: Effective, accepted: ConfigDocument | None) -> Imposed:
        """Return what is in force for one configuration."""
        return imposed(self.in_force, want, accepted) if self.in_force else NOTHING
