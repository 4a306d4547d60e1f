"""Removals before additions: within a plan, an integration's new configurations wait for its old ones to be gone.

An exclusive resource may pass from the one to the other, and an id that was changed in place is removed completely
before it is added under its new name.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct

from reconciler.model.plan import Action, ActionKind


class _Barrier(Struct, eq=False):
    removals: set[str]
    parked: list[str]


class RemovalsFirst:
    """Hands the keys of a plan to the queue, some of them later. Used on the engine's loop."""

    def __init__(self, enqueue: Callable[[Sequence[str]], None]) -> None:
        self._enqueue = enqueue
        self._barriers: list[_Barrier] = []
        self._parked: set[str] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing is parked."""
        return not self._barriers

    def is_parked(self, key: str) -> bool:
        """Whether `key` waits for removals: whatever is to be done there now, its turn comes when they have ended."""
        return key in self._parked

    def add(self, actions: Iterable[Action]) -> None:
        """Enqueue the keys of `actions`, which come in the order of a plan; those that are parked stay so."""
        actions = [action for action in actions if action.key not in self._parked]
        if not any(action.kind is ActionKind.REMOVE for action in actions):
            self._enqueue([action.key for action in actions])
            return
        barriers: dict[str, _Barrier] = {}
        ready: list[str] = []
        for action in actions:
            if action.kind is ActionKind.REMOVE:
                barriers.setdefault(action.integration, _Barrier(set(), [])).removals.add(action.key)
            barrier = barriers.get(action.integration)
            if action.kind is ActionKind.START and barrier is not None:
                barrier.parked.append(action.key)
            else:
                ready.append(action.key)
        self._enqueue(ready)
        self._barriers += [barrier for barrier in barriers.values() if barrier.parked]
        self._parked.update(key for barrier in barriers.values() for key in barrier.parked)

    def done(self, keys: Collection[str]) -> None:
        """The work on `keys` has ended: what waited for it may be next."""
        for barrier in list(self._barriers):
            barrier.removals.difference_update(keys)
            if not barrier.removals:
                self._barriers.remove(barrier)
                self._parked.difference_update(barrier.parked)
                self._enqueue(barrier.parked)
