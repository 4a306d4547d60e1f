"""What the parts of a running engine share: one frozen bundle instead of a web of references."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Receipt
from reconciler.runtime.exclusive import ExclusiveKeys
from reconciler.runtime.metrics import Metrics
from reconciler.runtime.routes import RouteTable

if TYPE_CHECKING:
    from reconciler.sdk.http import HttpClient


@dataclass(frozen=True, slots=True)
class Services:
    """Handed down by the engine. `publish` appends events; `http` makes the client that one integration uses."""

    clock: Clock
    catalogue: Catalogue
    secrets: SecretResolver
    publish: "Callable[[Sequence[Event]], Future[list[Receipt]]]"
    http: "Callable[[str], HttpClient]"
    metrics: Metrics
    routes: RouteTable = field(default_factory=RouteTable)
    exclusive: ExclusiveKeys = field(default_factory=ExclusiveKeys)
