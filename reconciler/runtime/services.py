"""What the parts of a running engine share: one frozen bundle instead of a web of references."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Receipt
from reconciler.runtime.lanes.abandoned import AbandonedCalls
from reconciler.runtime.lanes.cleanup import CleanUps
from reconciler.runtime.lanes.dormant import Dormant
from reconciler.runtime.lanes.effects import Effects
from reconciler.runtime.lanes.exclusive import ExclusiveKeys
from reconciler.runtime.lanes.panels import PanelTable
from reconciler.runtime.lanes.routes import RouteTable
from reconciler.runtime.telling.metrics import Metrics
from reconciler.sdk.hooks.base import Hook

if TYPE_CHECKING:
    from reconciler.sdk.http import HttpClient


class Services(Struct, frozen=True):
    """Handed down by the engine. `publish` appends events; `http` makes the client that one integration uses.

    `host_loop` is the loop of an asyncio host, for integrations that ask for it.
    """

    clock: Clock
    catalogue: Catalogue
    secrets: SecretResolver
    publish: "Callable[[Sequence[Event]], Future[list[Receipt]]]"
    http: "Callable[[str], HttpClient]"
    metrics: Metrics
    effects: Effects
    host_loop: asyncio.AbstractEventLoop | None = None
    routes: RouteTable = field(default_factory=RouteTable)
    exclusive: ExclusiveKeys = field(default_factory=ExclusiveKeys)
    panels: PanelTable = field(default_factory=PanelTable)
    cleanups: CleanUps = field(default_factory=CleanUps)
    abandoned: AbandonedCalls = field(default_factory=AbandonedCalls)
    in_pass: dict[str, int] = field(default_factory=dict)
    """Which pass asked for the work on a key that is under way or waits; kept by the controller."""
    dormant: Dormant = field(default_factory=Dormant)

    def about(self, key: str, **more: Any) -> dict[str, Any]:
        """Return the log fields of what concerns a configuration or an integration."""
        number = self.in_pass.get(key)
        fields = {"integration": key.partition("/")[0], **({"config": key} if "/" in key else {})}
        return fields | ({"pass": number} if number is not None else {}) | more

    def let_go(self, hook: Hook) -> None:
        """Take back what a hook holds: its exclusive key, and its place among those that wait."""
        self.exclusive.release(hook)
        self.dormant.drop(hook)
