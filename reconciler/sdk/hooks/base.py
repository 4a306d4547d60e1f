"""What a hook is: declared by its constructor, started and stopped by the engine with its owner's life.

Constructing a hook only records it in its owner's open hook set. When the owner's method returns, the engine starts
the set in order, and on a failure stops what it had started in reverse. Writing another hook is two methods.
"""

from collections.abc import Awaitable
from typing import ClassVar, Protocol

from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import HookError, HookSetClosed
from reconciler.model.ports import HookHost, StopReason, Where


class HookOwner(Protocol):
    """An integration (life: initialize to shutdown) or a configuration (life: enabled to disabled or replaced)."""

    hook_set: "HookSet"


class Hook:
    """A registration bound to the life of its owner.

    A subclass sets what it needs, then calls `super().__init__(owner)`, which declares it. `exclusive` names a
    resource that only one hook of the process may hold at a time, or is None; `where` says in which processes of a
    host it lives.
    """

    where: ClassVar[Where] = Where.EVERYWHERE
    exclusive: str | None = None
    described: str = ""
    """The engine's: what `describe` said when the hook was started."""

    def __init__(self, owner: HookOwner) -> None:
        hook_set_of(owner).declare(self)

    def start(self, host: HookHost) -> Awaitable[None] | None:
        """Begin, in the owner's lane. Raising makes the whole set stop; after a stop it may be started again."""
        raise NotImplementedError

    def stop(self, reason: StopReason) -> Awaitable[None] | None:
        """End, whether or not `start` succeeded; called at least once, in the owner's lane.

        Raising makes the engine call it again later, with backoff, until it succeeds.
        """
        raise NotImplementedError

    def is_alive(self) -> bool:
        """Whether what `start` began still stands. Asked at each sweep; one that is not is started afresh."""
        return True

    def describe(self) -> str:
        """Return one line for status: what the hook is registered for."""
        return type(self).__name__


def hook_set_of(owner: HookOwner) -> "HookSet":
    """Return the open hook set of a hook's owner; raises HookError for what is no owner, or is none yet."""
    found = getattr(owner, "hook_set", None)
    if not isinstance(found, HookSet):
        raise HookError(
            f"a hook takes its owner first: the integration inside initialize(), or the configuration inside "
            f"config_enabled() or config_changed(), never in __init__; found {type(owner).__qualname__}"
        )
    return found


class HookSet:
    """The hooks that one call of an owner declares. Open while the call runs, closed after it for good."""

    __slots__ = ("_hooks", "_open", "descriptor", "owner_key")

    def __init__(self, owner_key: str, descriptor: Descriptor) -> None:
        self.owner_key = owner_key
        self.descriptor = descriptor
        self._hooks: list[Hook] | None = None  # most sets stay empty
        self._open = True

    def declare(self, hook: Hook) -> None:
        """Record a hook; raises HookSetClosed after the owner's call has returned or was abandoned."""
        if not self._open:
            raise HookSetClosed(
                f"{type(hook).__name__} for {self.owner_key}: hooks are declared inside initialize() for the "
                "integration, and inside config_enabled() or config_changed() for a configuration"
            )
        if self._hooks is None:
            self._hooks = []
        self._hooks.append(hook)

    def close(self) -> tuple[Hook, ...]:
        """Refuse further hooks and return those declared, in order."""
        self._open = False
        return tuple(self._hooks or ())

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """The hooks declared so far, in order."""
        return tuple(self._hooks or ())
