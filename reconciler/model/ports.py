"""What the engine needs from outside, as protocols: each has a real implementation and one for tests."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from reconciler.model.delivery import Backlog, Delivery, DeliveryPolicy, Failing
from reconciler.model.effect import EffectRow
from reconciler.model.event import Event
from reconciler.model.json import Json


class Clock(Protocol):
    """Time. `time` is in seconds since the epoch, `monotonic` never steps; both may be virtual."""

    def time(self) -> float:
        """Return the wall clock's time, in seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds that only grow, from an arbitrary start."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of monotonic time."""


class SecretProvider(Protocol):
    """Where the secrets of one scheme come from."""

    def check(self, path: str) -> str | None:
        """Return why a reference to `path` can never resolve, or None; touches nothing outside."""

    def resolve(self, path: str) -> str:
        """Return the value; raises SecretMissing or SecretForbidden."""


class StopReason(StrEnum):
    """Why a hook stops: only REMOVED undoes what outlives the process."""

    PROCESS = "process"
    REPLACED = "replaced"
    REMOVED = "removed"


class Where(StrEnum):
    """Where a hook lives when a host has several processes."""

    RUNNER = "runner"
    EVERYWHERE = "everywhere"


class Request(Struct, frozen=True):
    """An inbound HTTP request as a RouteHook sees it. Header names are lower case; `body` is the raw bytes."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Response(Struct, frozen=True):
    """What a RouteHook answers."""

    status: int = 204
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


Disposer = Callable[[], None]
"""Takes a registration back; calling it twice does nothing."""


class EffectHandle(Protocol):
    """The inventory's row of one effect that outlives the process, for the hook that holds it."""

    @property
    def acts(self) -> bool:
        """Whether effects are to come about at all: not in one pass, whose inventory is thrown away."""

    def begin(self) -> "Future[None]":
        """Note the intent, before the effect comes about; done when it is on disk."""

    def hold(self, handle: Json) -> "Future[None]":
        """Note that it is there, and by which handle it is removed; TerminalError for one that may not be kept."""

    def take(self) -> "Future[EffectRow | None]":
        """Note that it is being removed; None when there is nothing to remove: another hook has it now."""

    def drop(self) -> "Future[None]":
        """Note that it is gone."""

    def rest(self) -> None:
        """Nothing is done with it at the moment."""


class HookHost(Protocol):
    """All that a hook may ask of the engine. Every method may be called from any thread."""

    @property
    def clock(self) -> Clock:
        """The engine's clock."""

    def on_event(self, types: Sequence[str] | None, receive: Callable[..., Any]) -> Disposer:
        """Have `receive(event, config)` called for deliveries whose type is in `types` (None: all)."""

    def add_route(
        self, path: str, methods: Sequence[str], handle: Callable[[Request], Awaitable[Response]]
    ) -> Disposer:
        """Serve `path` (absolute, beneath `/hooks/`); raises HookConflict when it is taken."""

    def spawn(self, name: str, run: Callable[[], Awaitable[None]]) -> Disposer:
        """Run a coroutine function in the owner's lane until it returns or is disposed of."""

    def call(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        """Run a `def` or `async def` in the owner's lane, contained, under the delivery deadline."""

    def publish(self, event: Event) -> "Future[Receipt]":
        """Append an event to the queue; done when it is on disk."""

    def effect(self, key: str) -> EffectHandle:
        """Return the inventory's row for the owner's effect `key`."""

    def add_panel(self, title: str, render: Callable[[], Any]) -> Disposer:
        """Show what `render()` returns on the integration's page."""

    def report(self, what: str, error: BaseException) -> None:
        """Log a contained failure of the owner's code and count it."""


class Receipt(Struct, frozen=True):
    """An event is on disk: `sequence` is its number, the first one's where it came twice (`duplicate`)."""

    sequence: int
    duplicate: bool = False


class Target(Struct, frozen=True):
    """One configuration that an event is to reach, with what the queue must know of it."""

    config_id: str
    policy: DeliveryPolicy


class Done(Struct, frozen=True):
    """The delivery succeeded."""

    key: str


class Retry(Struct, frozen=True):
    """An attempt failed: try again at `at` (seconds since the epoch)."""

    key: str
    at: float
    error: str = ""


class Parked(Struct, frozen=True):
    """Nothing was attempted: its configuration does not run now. It waits until `wake`, or until it expires."""

    key: str


class Dead(Struct, frozen=True):
    """The delivery is given up, for `reason`."""

    key: str
    reason: str
    error: str = ""


class HandedOver(Struct, frozen=True):
    """The delivery is given up, and `target`, its fallback, gets it instead."""

    key: str
    target: Target


Settlement = Done | Retry | Parked | Dead | HandedOver


class DeliveryQueue(Protocol):
    """The durable queue. Every method returns a future that is done when the write is on disk.

    A lane is what waits for its head: a configuration under strict order, a configuration and a subject under order
    by key, each delivery by itself under none. Only heads are claimed.
    """

    def append(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Store events; one whose (source, id) is known already gives the first receipt again."""

    def waiting(self, limit: int) -> "Future[list[tuple[int, Event]]]":
        """Return events that were not routed yet, oldest first, with their sequence numbers."""

    def route(self, routed: Sequence[tuple[int, Sequence[Target]]]) -> "Future[None]":
        """Make a delivery for each target of each event and mark the events, in one transaction."""

    def claim(self, now: float, limit: int) -> "Future[list[Delivery]]":
        """Return the heads of lanes that are due, at most `limit`; each stays claimed until it is settled."""

    def settle(self, settlements: Sequence[Settlement], now: float) -> "Future[None]":
        """Record what became of claimed deliveries."""

    def wake(self, config_ids: Sequence[str], now: float, limit: int | None = None) -> "Future[int]":
        """Make parked lanes of these configurations due, oldest first, at most `limit` each; returns how many woke."""

    def hasten(self, config_ids: Collection[str], now: float) -> "Future[int]":
        """Make lanes of these configurations due that wait for a later time; returns how many."""

    def expire(self, now: float) -> "Future[int]":
        """Send what is too old to the dead letters, and prune what is no longer needed; returns how many died."""

    def next_due(self) -> "Future[float | None]":
        """Return when the next head is due, or None."""

    def stats(self) -> "Future[dict[str, float]]":
        """Return `waiting`, `unrouted` (events that matched nothing), `pending`, `dead`, `oldest_seconds`, `failing`.

        `oldest_seconds` is the age of the oldest event that waits to be routed, or of which a delivery is pending;
        `failing` counts the configurations that have deliveries which were tried in vain.
        """

    def backlog(self) -> "Future[dict[str, Backlog]]":
        """Return what waits for each configuration that anything waits for."""

    def failing(self) -> "Future[list[Failing]]":
        """Return which configurations have deliveries that were tried in vain."""
