"""EventHook: events reach the owner, one call per configuration, through the delivery queue.

Not a filter of its own: which events a configuration asks for stands in its file (`events`), or in the manifest.
"""

from collections.abc import Callable, Sequence
from typing import Any

from reconciler.model.ports import Disposer, HookHost, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner


class EventHook(Hook):
    """Have `receive(event, config)` called for each delivery; it may be `def` or `async def`.

    `types` narrows what this receiver takes: exact types, or patterns with `*` for one segment and `**` for any
    number; None takes all that reaches the configuration. An exception of `receive` decides what becomes of the
    delivery: TransientError is tried again, TerminalError is not, any other exception is treated as transient.
    """

    where = Where.RUNNER

    def __init__(self, owner: HookOwner, receive: Callable[..., Any], *, types: Sequence[str] | None = None) -> None:
        if not callable(receive):
            raise TypeError(f"an EventHook takes a method to call, such as self.deliver, not {receive!r}")
        if isinstance(types, str):
            raise TypeError(f"types of an EventHook is a sequence of event types, such as [{types!r}]")
        self.receive = receive
        self.types = None if types is None else tuple(types)
        self._dispose: Disposer | None = None
        super().__init__(owner)

    def start(self, host: HookHost) -> None:
        """Register the receiver."""
        self._dispose = host.on_event(self.types, self.receive)

    def stop(self, reason: StopReason) -> None:  # noqa: ARG002 — deliveries under way are the dispatcher's to await
        """Take the receiver back."""
        dispose, self._dispose = self._dispose, None
        if dispose is not None:
            dispose()

    def is_alive(self) -> bool:
        """Whether the receiver is registered."""
        return self._dispose is not None

    def describe(self) -> str:
        """Return the types it takes."""
        return f"EventHook {', '.join(self.types)}" if self.types is not None else "EventHook"
