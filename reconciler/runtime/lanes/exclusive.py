"""Who holds which exclusive resource: a port, a schedule, a route."""

from collections.abc import Callable

from reconciler.model.errors import HookConflict
from reconciler.sdk.hooks.base import Hook


class ExclusiveKeys:
    """Exclusive keys to the hook that holds each. Used on the engine's loop alone.

    An author names keys: `masked` takes secrets out of what is told of them.
    """

    def __init__(self, masked: Callable[[str], str] = str) -> None:
        self._masked = masked
        self._holders: dict[str, tuple[Hook, str]] = {}

    def take(self, hook: Hook, owner: str) -> None:
        """Give `hook` its key; raises HookConflict, naming the holder, when another has it."""
        if hook.exclusive is None:
            return
        holder = self._holders.get(hook.exclusive)
        if holder is not None and holder[0] is not hook:
            name, key = hook.described or type(hook).__name__, self._masked(repr(hook.exclusive))
            raise HookConflict(f"{name} of {owner}: {key} is held by {holder[1]}")
        self._holders[hook.exclusive] = (hook, owner)

    def release(self, hook: Hook) -> None:
        """Take the key of `hook` back; does nothing when it holds none."""
        if hook.exclusive is not None and self._holders.get(hook.exclusive, (None,))[0] is hook:
            del self._holders[hook.exclusive]
