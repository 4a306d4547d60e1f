"""Between what runs and what is delivered: routes follow configurations, deliveries reach their receivers.

The router, the queue and the dispatcher know ids only; this is where an id becomes a running generation.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from reconciler.core.in_force.override import Sending
from reconciler.core.routing.matching import routes_of
from reconciler.core.routing.routing import RoutingIndex, type_matches
from reconciler.model.config import ConfigDocument
from reconciler.model.delivery import Delivery, DeliveryPolicy, Failing
from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.state import Condition, ConditionType, IntegrationState, Tristate
from reconciler.runtime.delivery.delivery_log import delivery_fields, tell_attempt
from reconciler.runtime.delivery.dispatch_decision import Ending
from reconciler.runtime.delivery.dispatcher import Dispatcher
from reconciler.runtime.delivery.router import Router
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.hook_host import Receiver
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.lanes.observed_call import observed_call
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.services import Services

_CHUNK = 200
"""How many configurations are routed before others get the loop."""
_PAUSE = 0.001
"""For how long, in seconds: the threads that answer requests get the interpreter too, to say that this is ready."""
log = logging.getLogger(__name__)
_LONGEST_MESSAGE = 500
_EXAMPLES = 5
"""How many configurations are named in one line."""


class Deliveries:
    """Keeps the routing index equal to what is in force, and is the dispatcher's destination."""

    def __init__(self, services: Services, world: World, index: RoutingIndex) -> None:
        self._services = services
        self._world = world
        self._index = index
        self._in_flight: dict[str, int] = {}
        self._idle: dict[str, asyncio.Event] = {}
        self._routed: dict[str, tuple[ConfigDocument, Descriptor]] = {}
        self._failed_before: dict[str, Failing] = {}
        """What was tried in vain in an earlier life, until what it concerns is known."""
        self.router: Router
        self.dispatcher: Dispatcher
        self._unrouted: dict[str, ConfigRecord] | None = {}
        """The configurations to route once the first pass has ended; None from then on."""
        self._to_route: dict[str, ConfigRecord] = {}
        self.on_abandoned: Callable[[IntegrationRuntime, Exception], None] = lambda _runtime, _error: None

    async def open(self) -> None:
        """Build the index and let events be routed and delivered: the first pass has ended, so it is whole.

        What has failed goes on where it was when it is called again.
        """
        if self._unrouted is not None:
            self._to_route, self._unrouted = self._unrouted, None
        for index, record in enumerate(list(self._to_route.values())):
            if index % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(_PAUSE)
            if self._world.configs.get(record.id) is record:
                self.follow(record)
            del self._to_route[record.id]
        self._tell_failed_before()
        self.dispatcher.wake_parked()
        self.router.open()

    def follow(self, record: ConfigRecord) -> None:
        """Route by what runs, or else by what is in force; a disabled configuration gets nothing new."""
        if self._failed_before:
            self._restore(record)
        if self._unrouted is not None:
            self._unrouted[record.id] = record
            self.dispatcher.wake(record.id)  # what was routed in an earlier life need not wait for the slowest start
            return
        document = record.effective.document
        if not record.effective.wanted or document is None:
            self._drop(record.id)
        else:
            self._put(record.id, record.generation.document if record.generation is not None else document)
        self.dispatcher.wake(record.id)

    def follow_all(self, records: Iterable[ConfigRecord]) -> None:
        """Follow many."""
        if self._unrouted is None or self._failed_before:
            for record in records:
                self.follow(record)
        else:
            some = {record.id: record for record in records}
            self._unrouted.update(some)
            self.dispatcher.wake_all(some.keys())

    def gone(self, config_id: str) -> None:
        """The configuration is removed: its deliveries go to the dead letters."""
        if self._unrouted is not None:
            self._unrouted.pop(config_id, None)
        self._drop(config_id)
        self.dispatcher.wake(config_id)

    def _drop(self, config_id: str) -> None:
        self._routed.pop(config_id, None)
        self._index.remove(config_id)

    def _put(self, config_id: str, document: ConfigDocument) -> None:
        """Route by `document`; the same one again, beside the same manifest, changes nothing and costs nothing."""
        descriptor = self._services.catalogue.descriptor(document.integration)
        routed = self._routed.get(config_id)
        if routed is None or routed[0] is not document or routed[1] is not descriptor:
            is_other = self._index.replace(config_id, routes_of(document, descriptor))
            self._routed[config_id] = document, descriptor
            if is_other:
                self._forget_filter_error(config_id)

    def _forget_filter_error(self, config_id: str) -> None:
        record = self._world.configs.get(config_id)
        if record is not None:
            record.conditions.pop(ConditionType.FILTER_ERROR, None)

    def hasten(self, key: str) -> None:
        """Have what waits for its next attempt tried now, of one configuration or of an integration's."""
        ids = [key] if "/" in key else [one for one in self._world.configs if one.partition("/")[0] == key]
        self.dispatcher.hasten(ids)

    async def quiesce(self, config_id: str) -> None:
        """Return when no delivery to this configuration is under way; each has its own deadline."""
        while self._in_flight.get(config_id):
            await self._idle.setdefault(config_id, asyncio.Event()).wait()

    # --- the dispatcher's destination ---------------------------------------------------------------------------

    def status(self, config_id: str) -> Literal["ready", "waiting", "dropped", "gone"]:
        """Say whether a delivery may be made now, has to wait, is not wanted, or has nowhere to go."""
        record = self._world.configs.get(config_id)
        if record is None or not record.effective.known:
            return "gone" if self._unrouted is None else "waiting"  # until the first pass has ended, who knows
        if record.imposed.sending is not Sending.SEND:
            return "dropped" if record.imposed.sending is Sending.DROP else "waiting"
        running = record.generation is not None and record.effective.wanted
        return "ready" if running and not self._sleeps(record) else "waiting"

    def _sleeps(self, record: ConfigRecord) -> bool:
        """Whether hooks that would receive have not been started since a take-over."""
        dormant = self._services.dormant
        return bool(dormant.of(record.id) or dormant.of(record.integration))

    def policy(self, config_id: str) -> DeliveryPolicy:
        """Return how the configuration wants its deliveries made."""
        record = self._world.configs.get(config_id)
        document = record.effective.document if record is not None else None
        return DeliveryPolicy.of(document.delivery) if document is not None else DeliveryPolicy()

    async def deliver(self, delivery: Delivery) -> None:
        """Hand one delivery to every receiver that takes its type; raises what the code raises."""
        config_id = delivery.config_id
        record = self._world.configs.get(config_id)
        runtime = self._world.integrations.get(config_id.partition("/")[0])
        if record is None or runtime is None or runtime.state is not IntegrationState.ACTIVE:
            raise TransientError(f"{config_id} is not running")
        self._in_flight[config_id] = self._in_flight.get(config_id, 0) + 1
        try:
            await self._hand_over(delivery, record, runtime)
        finally:
            self._in_flight[config_id] -= 1
            if not self._in_flight[config_id]:
                del self._in_flight[config_id]
                self._idle.pop(config_id, asyncio.Event()).set()

    async def _hand_over(self, delivery: Delivery, record: ConfigRecord, runtime: IntegrationRuntime) -> None:
        generation, instance = record.generation, runtime.instance
        if generation is None or instance is None or runtime.calls is None:
            raise TransientError(f"{record.id} is not running")
        receivers = [r for r in (*runtime.receivers, *generation.receivers) if takes(r, delivery.event.type)]
        if not receivers:
            raise TerminalError(f"the integration {runtime.id} has no EventHook that takes {delivery.event.type!r}")
        lane, about = runtime.calls.caller.lane, delivery_fields(self._services, delivery)
        for receiver in receivers:
            try:
                await observed_call(
                    self._services.clock, lane, self._services.metrics, about, f"delivering {delivery.event.type}",
                    instance.delivery_deadline, receiver.receive, delivery.event, generation.config,
                )  # fmt: skip
            except Abandoned as error:
                self.on_abandoned(runtime, error)
                raise

    def recall(self, failing: Sequence[Failing]) -> None:
        """Show and say that deliveries were tried in vain before this start: a restart has made nothing healthy."""
        self._failed_before = {one.config_id: one for one in failing}
        for config_id in list(self._failed_before):
            record = self._world.configs.get(config_id)
            if record is not None:
                self._restore(record)
        if self._unrouted is None:
            self._tell_failed_before()

    def _restore(self, record: ConfigRecord) -> None:
        failed, kind = self._failed_before.get(record.id), ConditionType.DELIVERING
        if failed is not None and kind not in record.conditions:
            told = failed.error[:_LONGEST_MESSAGE]
            record.conditions[kind] = Condition(kind, Tristate.FALSE, "Retry", told, failed.since)

    def _tell_failed_before(self) -> None:
        """Say in one line, after what a start says, to whom deliveries failed before it."""
        found = sorted(self._failed_before.keys() & self._world.configs.keys())
        self._failed_before.clear()
        if found:
            some, left = ", ".join(found[:_EXAMPLES]), len(found) - _EXAMPLES
            more = f" and {left:,} more" if left > 0 else ""
            log.warning("deliveries to %s%s failed before this start, and are tried again", some, more)

    def outcome(self, delivery: Delivery, ending: Ending, seconds: float) -> None:
        """Count and log one attempt, keep the condition `Delivering`, and say when it changes."""
        config_id, outcome = delivery.config_id, ending.outcome
        tell_attempt(self._services, delivery, ending, seconds)
        record = self._world.configs.get(config_id)
        if record is not None:
            before = record.conditions.get(ConditionType.DELIVERING)
            worked = before is None or before.status is Tristate.TRUE
            status = Tristate.TRUE if outcome == "done" else Tristate.FALSE
            now, told = self._services.clock.time(), ending.error[:_LONGEST_MESSAGE]
            record.note(ConditionType.DELIVERING, status, now, outcome.capitalize(), told)
            if outcome == "retry" and worked:
                log.warning("deliveries to %s fail and are tried again: %s", config_id, told)
            elif outcome == "done" and not worked:
                log.info("deliveries to %s work again", config_id)

    def filter_error(self, config_id: str, message: str) -> None:
        """A `when` failed on an event: it did not match, and the configuration says so."""
        self._services.metrics.filter_errors.inc()
        record = self._world.configs.get(config_id)
        if record is not None:
            if ConditionType.FILTER_ERROR not in record.conditions:
                log.warning("a filter of %s failed, so an event did not match: %s", config_id, message)
            now = self._services.clock.time()
            record.note(ConditionType.FILTER_ERROR, Tristate.TRUE, now, "EvaluationFailed", message)


def takes(receiver: Receiver, event_type: str) -> bool:
    """Whether a receiver takes events of this type."""
    return receiver.types is None or any(type_matches(pattern, event_type) for pattern in receiver.types)
