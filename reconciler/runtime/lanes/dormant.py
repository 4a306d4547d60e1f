"""Hooks that are declared and do not run: in a worker, those that live in the runner alone.

They are in their owner's set as everywhere, hold their exclusive keys, and wait. When the process becomes the runner
`waking.py` starts them; when their owner goes first, nothing of them was ever begun.
"""

from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from msgspec import Struct

from reconciler.model.ports import HookHost, Where
from reconciler.model.state import Role
from reconciler.sdk.hooks.base import Hook


class Sleeper(Struct, frozen=True):
    """A hook that waits, with all that starting it takes.

    `call(what, deadline, function, *args)` calls into its owner's lane; `deadline` is in seconds.
    """

    hook: Hook
    owner: str
    call: Callable[..., Awaitable[Any]]
    host: HookHost
    deadline: float


class Dormant:
    """What waits, by the key of its owner, and the role of this process; changed on the engine's loop alone."""

    def __init__(self, role: Role = Role.RUNNER) -> None:
        self.role = role
        self._sleepers: dict[str, dict[int, Sleeper]] = {}
        self._owners: dict[int, str] = {}

    def puts(self, sleeper: Sleeper) -> bool:
        """Keep the hook back when it is not for this process; returns whether it was."""
        if self.role is Role.RUNNER or sleeper.hook.where is not Where.RUNNER:
            return False
        self._sleepers.setdefault(sleeper.owner, {})[id(sleeper.hook)] = sleeper
        self._owners[id(sleeper.hook)] = sleeper.owner
        return True

    def drop(self, hook: Hook) -> bool:
        """Forget a hook; returns whether it was waiting, so that there is nothing to stop."""
        owner = self._owners.pop(id(hook), None)
        if owner is None:
            return False
        del self._sleepers[owner][id(hook)]
        if not self._sleepers[owner]:
            del self._sleepers[owner]
        return True

    def among(self, owners: AbstractSet[str]) -> set[str]:
        """Return those of `owners` for whom anything waits."""
        return self._sleepers.keys() & owners

    def of(self, owner: str) -> tuple[Sleeper, ...]:
        """Return what waits for one owner, in the order of its declaration."""
        return tuple(self._sleepers.get(owner, {}).copy().values())

    def owners(self) -> Iterable[str]:
        """Return the keys of all owners for whom something waits."""
        return list(self._sleepers)
