"""What the engine needs from outside, as protocols: each has a real implementation and one for tests."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from reconciler.model.delivery import Delivery, DeliveryPolicy
from reconciler.model.event import Event


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


@dataclass(frozen=True, slots=True)
class Request:
    """An inbound HTTP request as a RouteHook sees it. Header names are lower case; `body` is the raw bytes."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What a RouteHook answers."""

    status: int = 204
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


Disposer = Callable[[], None]
"""Takes a registration back; calling it twice does nothing."""


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

    def report(self, what: str, error: BaseException) -> None:
        """Log a contained failure of the owner's code and count it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event is on disk: `sequence` is its number, the first one's where it came twice (`duplicate`)."""

    sequence: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """One configuration that an event is to reach, with what the queue must know of it."""

    config_id: str
    policy: DeliveryPolicy


@dataclass(frozen=True, slots=True)
class Done:
    """The delivery succeeded."""

    key: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at `at` (seconds since the epoch); `counted` is false when nothing was attempted."""

    key: str
    at: float
    error: str = ""
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Dead:
    """The delivery is given up, for `reason`."""

    key: str
    reason: str
    error: str = ""


Settlement = Done | Retry | Dead


class DeliveryQueue(Protocol):
    """The durable queue. Every method returns a future that is done when the write is on disk."""

    def append(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Store events; one whose (source, id) is known already gives the first receipt again."""

    def unrouted(self, limit: int) -> "Future[list[tuple[int, Event]]]":
        """Return events that no routing has marked yet, oldest first."""

    def route(self, routed: Sequence[tuple[int, Sequence[Target]]]) -> "Future[None]":
        """Make a delivery for each target of each event and mark the events, in one transaction."""

    def claim(self, now: float, limit: int, busy: Sequence[str]) -> "Future[list[Delivery]]":
        """Return due deliveries, none for a config in `busy` with strict order, heads first."""

    def settle(self, settlements: Sequence[Settlement], now: float) -> "Future[None]":
        """Record what became of claimed deliveries."""

    def stats(self) -> "Future[dict[str, float]]":
        """Return `unrouted`, `pending`, `dead`, `oldest_seconds`."""
