"""The class that an author writes: one service, what it sets up, and what it does with an event."""

from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from reconciler.model.descriptor import Descriptor
from reconciler.model.event import Event
from reconciler.model.message import Message
from reconciler.model.ports import Clock, Receipt
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import HookSet
from reconciler.sdk.log import IntegrationLog
from reconciler.sdk.message import render_message

if TYPE_CHECKING:
    from pydantic import BaseModel

    from reconciler.sdk.http import HttpClient


class IntegrationContext(Protocol):
    """What the engine lends an integration while it is active. Every method may be called from any thread."""

    @property
    def descriptor(self) -> Descriptor:
        """Return the manifest."""

    @property
    def clock(self) -> Clock:
        """Return the engine's clock."""

    @property
    def http(self) -> "HttpClient":
        """Return the outbound client."""

    def configs(self) -> Sequence[IntegrationConfig[Any]]:
        """Return the configurations of this integration that run now."""

    def publish(self, event: Event) -> "Future[Receipt]":
        """Append an event to the queue; done when it is on disk."""

    def log_fields(self) -> Mapping[str, Any]:
        """Return what the call that runs in this thread or task is about, as log fields."""

    def masked(self, text: str) -> str:
        """Return a text without the values of secrets that were revealed."""


class Integration:
    """One service. The engine makes one object when the first configuration is enabled; override what you need.

    Each of the six methods may be `def` (it runs in a thread) or `async def` (it runs on the integration's
    own event loop), and has a deadline. `Settings` is a pydantic model of the settings, or None for a plain dict;
    `default_settings` stand beneath what a file says. A class that is registered directly, with no package around
    it, describes itself by `name`, `description`, `events`, `routes` and `schedules`.
    `lane = "host"` runs the coroutines on the loop of an asyncio host (`astart`), to share what belongs to that loop,
    and waives isolation: one that blocks holds the host up.
    """

    integration_id: ClassVar[str]
    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    events: ClassVar[Sequence[str]] = ()
    routes: ClassVar[Sequence[str]] = ()
    schedules: ClassVar[Sequence[str]] = ()
    Settings: "ClassVar[type[BaseModel] | None]" = None
    default_settings: ClassVar[Mapping[str, Any]] = {}
    lane: 'ClassVar[Literal["own", "host"]]' = "own"
    initialize_deadline: ClassVar[float] = 30.0
    shutdown_deadline: ClassVar[float] = 10.0
    config_deadline: ClassVar[float] = 30.0
    delivery_deadline: ClassVar[float] = 30.0

    hook_set: HookSet
    """The engine's: pass the integration itself to a hook's constructor."""

    enabled: bool = False
    """Whether `initialize()` has succeeded and `shutdown()` has not begun."""

    _context: IntegrationContext

    def initialize(self) -> Awaitable[None] | None:
        """Set up what all configurations share; the first one was enabled."""
        return None

    def shutdown(self) -> Awaitable[None] | None:
        """Undo `initialize`; the last configuration is gone. Hooks are removed by the engine, before this."""
        return None

    def config_enabled(self, config: IntegrationConfig[Any]) -> Awaitable[None] | None:
        """Begin to serve `config`."""
        return None

    def config_changed(self, old: IntegrationConfig[Any], new: IntegrationConfig[Any]) -> Awaitable[None] | None:
        """Go over from `old` to `new`; where not overridden, `new` is enabled, then `old` disabled."""
        return None

    def config_disabled(self, config: IntegrationConfig[Any]) -> Awaitable[None] | None:
        """Cease to serve `config`; its hooks are removed by the engine."""
        return None

    def check_health(self, config: IntegrationConfig[Any]) -> "Awaitable[bool | None] | bool | None":
        """Raise, or return False, when what serves `config` does not work any more.

        Asked at each sweep, every 30 s or more. What is not well is started afresh (enabled anew, then the old version
        disabled), with backoff; after a TerminalError it is not, for that would not help.
        """
        return None

    def default_message(self, event: Event, config: IntegrationConfig[Any]) -> Message:
        """Return what is said of `event` where the configuration has no `message`."""
        from reconciler.sdk.message import plain_message

        return plain_message(event)

    def render(self, event: Event, config: IntegrationConfig[Any]) -> Message:
        """Return the message for `event`: the configuration's templates over the integration's default.

        Raises TerminalError when a template cannot be rendered for this event.
        """
        return render_message(self.default_message(event, config), event, config)

    @property
    def hooks(self) -> tuple[object, ...]:
        """The integration's own hooks; empty while it is not initialized."""
        return self.hook_set.hooks if self.enabled else ()

    @property
    def http(self) -> "HttpClient":
        """The outbound HTTP client: deadlines, size limits, proxies, the network guard, redaction."""
        return self._context.http

    @property
    def clock(self) -> Clock:
        """The engine's clock; virtual in tests."""
        return self._context.clock

    @property
    def log(self) -> IntegrationLog:
        """A logger named after the integration, which adds what the call is about: configuration, delivery, pass."""
        context: IntegrationContext | None = getattr(self, "_context", None)
        if context is None:
            return IntegrationLog(self.integration_id, dict)
        return IntegrationLog(self.integration_id, context.log_fields, context.masked)

    def get_configs(self, scope: Mapping[str, str] | None = None) -> list[IntegrationConfig[Any]]:
        """Return the configurations that run now, all or those whose scope `scope` satisfies."""
        return [c for c in self._context.configs() if scope is None or c.matches(scope)]

    def publish(self, event: Event) -> "Future[Receipt]":
        """Append an event to the queue; the future is done when it is on disk."""
        return self._context.publish(event)

    def attach(self, context: IntegrationContext) -> None:
        """Lend the engine's services; called by the engine once, before anything else."""
        self._context = context
