"""Who holds which exclusive resource: a port, a schedule, a route."""

from reconciler.model.errors import HookConflict
from reconciler.sdk.hooks.base import Hook


class ExclusiveKeys:
    """Exclusive keys to the hook that holds each. Used on the engine's loop alone."""

    def __init__(self) -> None:
        self._holders: dict[str, tuple[Hook, str]] = {}

    def take(self, hook: Hook, owner: str) -> None:
        """Give `hook` its key; raises HookConflict, naming the holder, when another has it."""
        if hook.exclusive is None:
            return
        holder = self._holders.get(hook.exclusive)
        if holder is not None and holder[0] is not hook:
            raise HookConflict(
                f"{hook.described or type(hook).__name__} of {owner}: {hook.exclusive!r} is held by {holder[1]}"
            )
        self._holders[hook.exclusive] = (hook, owner)

    def release(self, hook: Hook) -> None:
        """Take the key of `hook` back; does nothing when it holds none."""
        if hook.exclusive is not None and self._holders.get(hook.exclusive, (None,))[0] is hook:
            del self._holders[hook.exclusive]
