"""From events on disk to deliveries on disk: reads what was not routed yet, asks the index and the filters.

Runs on the engine's loop. It sends nothing; the dispatcher does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from reconciler.core.routing.matching import Matcher, OnFilterError
from reconciler.core.routing.routing import RoutingIndex
from reconciler.model.errors import StateError
from reconciler.model.event import Event
from reconciler.model.ports import Clock, DeliveryQueue, Target
from reconciler.runtime.first_of import first_of

log = logging.getLogger(__name__)
_BATCH = 200
_POLL = 5.0
"""How often the queue is looked at without being woken, in seconds: other processes append too."""
_AFTER_ERROR = 1.0


class Router:
    """Routes events in their order. `on_filter_error(config_id, message)` hears of filters that failed."""

    def __init__(
        self,
        queue: DeliveryQueue,
        clock: Clock,
        index: RoutingIndex,
        *,
        on_filter_error: OnFilterError = lambda _config, _message: None,
        on_routed: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._matcher = Matcher(index, on_filter_error)
        self._on_routed = on_routed
        self._open = asyncio.Event()
        self._woken = asyncio.Event()
        self._failing = False
        self._resting = False
        self._turned = asyncio.Event()

    def open(self) -> None:
        """Begin to route: the index is whole."""
        self._open.set()

    @property
    def busy(self) -> bool:
        """Whether events are being routed, or about to be."""
        return self._open.is_set() and (self._woken.is_set() or not self._resting)

    def wake(self) -> None:
        """Look at the queue soon."""
        self._woken.set()

    async def catch_up(self) -> None:
        """Return when no event waits to be routed, or at once where routing has not begun."""
        while self._open.is_set():
            waiting = await asyncio.wrap_future(self._queue.waiting(1))
            if not waiting:
                return
            self._turned.clear()
            self._woken.set()
            await self._turned.wait()

    async def run(self) -> None:
        """Route until cancelled."""
        await self._open.wait()
        while True:
            self._woken.clear()
            try:
                routed = await self._route_batch()
            except Exception as error:  # noqa: BLE001 — a full disk must not end routing for good
                self._turned.set()
                await self._after_error(error)
                continue
            self._turned.set()
            self._failing = False
            if routed:
                self._on_routed()
            if routed < _BATCH:
                await self._rest(first_of(self._woken.wait(), self._clock.sleep(_POLL)))

    async def _after_error(self, error: Exception) -> None:
        """Say it once, not every second."""
        if not self._failing:
            trace = None if isinstance(error, StateError) else error
            log.error("events cannot be routed, stay in the queue and are tried again: %s", error, exc_info=trace)
        self._failing = True
        await self._rest(self._clock.sleep(_AFTER_ERROR))

    async def _rest(self, wait: Awaitable[None]) -> None:
        self._resting = True
        await wait
        self._resting = False

    async def _route_batch(self) -> int:
        events = await asyncio.wrap_future(self._queue.waiting(_BATCH))
        if events:
            routed = [(seq, self.targets(event)) for seq, event in events]
            await asyncio.wrap_future(self._queue.route(routed))
            if log.isEnabledFor(logging.DEBUG):
                _tell(events, routed)
        return len(events)

    def targets(self, event: Event) -> list[Target]:
        """Return the configurations that an event is to reach, each once."""
        return [Target(route.config_id, route.policy) for route in self._matcher.routes(event)]


def _tell(events: Sequence[tuple[int, Event]], routed: Sequence[tuple[int, Sequence[Target]]]) -> None:
    for (_, event), (_, targets) in zip(events, routed, strict=True):
        fields = {"event_id": event.id, "event_type": event.type}
        log.debug("routed an event to %d configurations", len(targets), extra={"fields": fields})
