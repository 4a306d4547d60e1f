"""One integration at run time: its lane, its object, its own hooks, from initialize to shutdown.

It does what the controller decides; it decides nothing itself. Used on the engine's loop alone.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import RegistrationError
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Receipt, StopReason
from reconciler.model.state import IntegrationState, StateReason
from reconciler.runtime.lanes.calls import GRACE, Abandoned
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.effects import Declarer
from reconciler.runtime.lanes.hook_host import (
    Caller,
    OwnerHost,
    Receiver,
    Stopped,
    first_receipt,
    start_hooks,
    stop_hooks,
)
from reconciler.runtime.lanes.lane import Lane
from reconciler.runtime.services import Services
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import HookSet
from reconciler.sdk.integration import Integration

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from reconciler.sdk.http import HttpClient

log = logging.getLogger(__name__)
MAX_DISOWNED = 3
"""After so many lanes lost, the integration is stuck: only `retry`, or a restart of the process, tries it again."""


class Context:
    """What the engine lends one integration."""

    def __init__(
        self, services: Services, descriptor: Descriptor, configs: Callable[[], Sequence[IntegrationConfig[Any]]]
    ) -> None:
        self.descriptor = descriptor
        self.clock: Clock = services.clock
        self.masked = services.secrets.revealed.masked
        self._configs = configs
        self._services = services
        self._http: HttpClient | None = None
        self.about: Callable[[], Mapping[str, Any]] = dict

    def configs(self) -> Sequence[IntegrationConfig[Any]]:
        """Return the configurations of the integration that run now."""
        return self._configs()

    def log_fields(self) -> Mapping[str, Any]:
        """Return what the call that runs in this thread or task is about, as log fields."""
        return self.about()

    @property
    def http(self) -> "HttpClient":
        """The outbound client, made when it is first used."""
        if self._http is None:
            self._http = self._services.http(self.descriptor.id)
        return self._http

    async def close_connections(self) -> None:
        """Close what the client has open on the running loop."""
        if self._http is not None:
            await self._http.aclose()

    def publish(self, event: Event) -> "Future[Receipt]":
        """Append one event."""
        return first_receipt(self._services.publish([event]))


class IntegrationRuntime:
    """State and machinery of one integration. `configs` gives those of its configurations that run."""

    def __init__(
        self,
        integration_id: str,
        services: Services,
        configs: Callable[[], Sequence[IntegrationConfig[Any]]],
    ) -> None:
        self.id = integration_id
        self._services = services
        self.since = services.clock.time()
        self._state = IntegrationState.REGISTERED
        self.reason = StateReason.NONE
        self.message = ""
        self.attempts = 0
        self.retry_at: float | None = None
        self.disowned = 0
        self.drifted = ""
        """What somebody has done to it behind the engine's back, or the empty string."""
        self.lost: tuple[str, ...] = ()
        """What would not go and was abandoned with its lane: nobody can try it again."""
        self.instance: Integration | None = None
        self.calls: ConfigCalls | None = None
        self._configs = configs
        self._context: Context | None = None
        self._lane: Lane | None = None
        self._host: OwnerHost | None = None

    @property
    def state(self) -> IntegrationState:
        """The one state of the integration; `since` is when it last changed, in seconds since the epoch."""
        return self._state

    @state.setter
    def state(self, state: IntegrationState) -> None:
        if state is not self._state:
            self._state, self.since = state, self._services.clock.time()

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The receivers whose owner is the integration."""
        return self._host.receivers if self._host is not None else ()

    @property
    def hooks(self) -> tuple[str, ...]:
        """The integration's own hooks that are up, described."""
        host, instance = self._host, self.instance
        if host is None or instance is None or not instance.enabled:
            return ()
        return host.describe(instance.hook_set.hooks)

    @property
    def lane(self) -> Lane | None:
        """The lane that its calls run in now, or None."""
        return self._lane

    async def initialize(self) -> None:
        """Import the code, make the object, call `initialize`, start its hooks. Leaves nothing behind on failure."""
        self.state, self.reason, self.message = IntegrationState.INITIALIZING, StateReason.NONE, ""
        caller = self._caller()
        descriptor = self._services.catalogue.descriptor(self.id)
        if self.instance is None:
            self.instance = await caller("loading", 30.0, self._make, descriptor)
        caller = self._settle_in(self.instance)
        instance = self.instance
        instance.hook_set = HookSet(self.id, descriptor)
        deadline, loop = instance.delivery_deadline, asyncio.get_running_loop()
        self._host = host = OwnerHost(self._services, caller.lane, Declarer(self.id), deadline, loop)
        try:
            deadline = instance.initialize_deadline
            await caller("initialize()", deadline, instance.initialize)
            await self._start_hooks(caller, host, instance)
        except BaseException:
            instance.hook_set.close()
            host.close()
            raise
        instance.enabled = True
        self._services.cleanups.runs_again(self.id)
        self.lost = ()
        self.calls = ConfigCalls.of(instance, descriptor, caller)
        self.state, self.attempts, self.retry_at = IntegrationState.ACTIVE, 0, None

    async def shutdown(self, reason: StopReason) -> list[str]:
        """Stop the hooks, call `shutdown`, close the lane. Always ends.

        What would not go is returned, as sentences, and kept to be tried again.
        """
        self.state = IntegrationState.SHUTTING_DOWN
        instance, caller = self.instance, self._caller()
        stopped, is_up, self.calls = Stopped(), self.calls is not None, None
        if instance is not None and is_up:
            instance.enabled = False
            deadline = instance.shutdown_deadline
            stopped = await stop_hooks(caller, instance.hook_set.hooks, reason, deadline)
            await self._call_shutdown(caller, instance, stopped)
            if stopped.abandoned is not None:
                self.lost = tuple(stopped.problems)
                self.disown()
        self.release_lane()
        self.state, self.reason, self.message = IntegrationState.REGISTERED, StateReason.NONE, ""
        return stopped.problems

    async def _start_hooks(self, caller: Caller, host: OwnerHost, instance: Integration) -> None:
        """Start the integration's own hooks; where one fails, what `initialize` has set up is undone by `shutdown`."""
        try:
            await start_hooks(caller, host, instance.hook_set.close(), instance.initialize_deadline)
        except Abandoned:
            raise
        except Exception as error:
            stopped = Stopped()
            await self._call_shutdown(caller, instance, stopped)
            if stopped.abandoned is not None:
                raise stopped.abandoned from error
            raise

    async def _call_shutdown(self, caller: Caller, instance: Integration, stopped: Stopped) -> None:
        """Call `shutdown`, and note what went wrong: shutting down always ends."""
        deadline = instance.shutdown_deadline
        try:
            await caller("shutdown()", deadline if stopped.abandoned is None else GRACE, instance.shutdown)
        except Exception as error:  # noqa: BLE001
            fields = self._services.about(self.id)
            log.warning("%s: shutdown() failed: %s", self.id, error, extra={"fields": fields})
            caller.keep("shutdown()", error, partial(caller, "shutdown()", deadline, instance.shutdown))
            stopped.add("shutdown()", error)

    def fail(self, reason: StateReason, message: str, retry_at: float | None) -> None:
        """Note that it is not up, why, and when it is tried again (monotonic seconds, None: not by itself)."""
        self.state, self.reason, self.message, self.retry_at = IntegrationState.FAILED, reason, message, retry_at

    @property
    def leftovers(self) -> tuple[str, ...]:
        """What would not go, of the integration and its configurations, as sentences."""
        cleanups = self._services.cleanups
        left = [f"{owner}: {one.message}" for owner in cleanups.in_lane(self.id) for one in cleanups.of(owner)]
        return (*self.lost, *left)

    def disown(self) -> None:
        """Abandon the lane and the object: a retry gets new ones."""
        self.disowned += 1
        self._services.metrics.calls_abandoned.labels(self.id).inc()
        if self.instance is not None:
            self.instance.enabled = False
        self.drop_lane()
        self.instance = None

    def release_lane(self) -> None:
        """Take back every registration, and close the lane unless something is left to be cleaned up in it."""
        self._take_back()
        if not self._services.cleanups.in_lane(self.id):
            self.drop_lane()

    def drop_lane(self) -> None:
        """Close the lane and take back every registration; never waits."""
        self._take_back()
        if self._lane is not None:
            self._lane.close()
        self._lane = None

    def _take_back(self) -> None:
        if self._host is not None:
            self._host.close()
            if self.instance is not None:
                for hook in self.instance.hook_set.hooks:
                    self._services.let_go(hook)
        self._host = self.calls = None

    def _caller(self) -> Caller:
        lane = self._lane if self._lane is not None else self._enter(None)
        return Caller(self._services, lane, self.id)

    def _enter(self, host: "AbstractEventLoop | None") -> Lane:
        self._lane = Lane(self.id, self._close_connections, host, self._services.secrets.revealed.masked)
        if self._context is not None:
            self._context.about = self._lane.about.fields
        return self._lane

    def _settle_in(self, instance: Integration) -> Caller:
        """Go over to the host's loop where the integration asks for it, and there is one."""
        host = self._services.host_loop
        if instance.lane != "host" or (self._lane is not None and self._lane.is_hosted):
            return self._caller()
        if host is None:
            log.warning("%s asks for the host's loop, but there is none: it runs in a lane of its own", self.id)
            return self._caller()
        if self._lane is not None:
            self._lane.close()
        return Caller(self._services, self._enter(host), self.id)

    def _make(self, descriptor: Descriptor) -> Integration:
        loaded = self._services.catalogue.load(self.id)
        if not issubclass(loaded, Integration):
            raise RegistrationError(f"{loaded.__module__}.{loaded.__qualname__} is not a subclass of Integration")
        instance: Integration = loaded()
        self._context = Context(self._services, descriptor, self._configs)
        if self._lane is not None:
            self._context.about = self._lane.about.fields
        instance.attach(self._context)
        return instance

    async def _close_connections(self) -> None:
        if self._context is not None:
            await self._context.close_connections()
