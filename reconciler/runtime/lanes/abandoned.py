"""Whom to tell that a call outside the work queue never returned: a route's handler, an async receiver of a signal."""

from collections.abc import Callable

from reconciler.runtime.lanes.calls import Abandoned


class AbandonedCalls:
    """One listener, put in when the engine is assembled; told on the engine's loop."""

    def __init__(self) -> None:
        self.listener: Callable[[str, Abandoned], None] = lambda _integration, _error: None

    def tell(self, integration: str, error: Abandoned) -> None:
        """A call into `integration` was abandoned."""
        self.listener(integration, error)
