"""From deliveries on disk to calls: claims what is due, hands it to its destination, records what came of it.

Runs on the engine's loop. Whether a configuration may be delivered to, and how, is the destination's to say.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Literal, Protocol

from reconciler.core.backoff import Backoff
from reconciler.model.delivery import Delivery, DeliveryPolicy
from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.ports import Clock, Dead, DeliveryQueue, Done, HandedOver, Parked, Retry, Settlement, Target
from reconciler.runtime.pump import first_of

log = logging.getLogger(__name__)
_IN_FLIGHT = 64
_EXPIRY = 10.0
"""How often the dead letters take what is too old, in seconds."""
_AFTER_ERROR = 1.0
_LONGEST_RETRY_AFTER = 86400.0


class Destination(Protocol):
    """Where deliveries go."""

    def status(self, config_id: str) -> Literal["ready", "waiting", "gone"]:
        """Say whether a delivery may be made now, has to wait, or has nowhere to go."""

    def policy(self, config_id: str) -> DeliveryPolicy:
        """Return how the configuration wants its deliveries made."""

    async def deliver(self, delivery: Delivery) -> None:
        """Make one attempt; raises TransientError, TerminalError, or anything else, which counts as transient."""


class Dispatcher:
    """Delivers until cancelled. `on_outcome(config_id, outcome, seconds)` hears of every attempt."""

    def __init__(
        self,
        queue: DeliveryQueue,
        clock: Clock,
        destination: Destination,
        *,
        backoff: Backoff | None = None,
        on_outcome: Callable[[str, str, float], None] = lambda _config, _outcome, _seconds: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._destination = destination
        self._backoff = backoff or Backoff()
        self._on_outcome = on_outcome
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._parked: set[str] = set()
        self._woken = asyncio.Event()
        self._draining = False

    @property
    def busy(self) -> bool:
        """Whether a delivery is under way."""
        return bool(self._tasks)

    def poke(self) -> None:
        """Look at the queue soon."""
        self._woken.set()

    def wake(self, config_id: str) -> None:
        """What is parked for this configuration may be tried: it runs, or it is gone."""
        if config_id in self._parked and self._destination.status(config_id) != "waiting":
            self._parked.discard(config_id)
            self._queue.wake([config_id], self._clock.time()).add_done_callback(self._poke_from_thread())

    async def drain(self, seconds: float) -> bool:
        """Claim nothing more and let what is under way end; returns whether it did within `seconds`."""
        self._draining = True
        if self._tasks:
            await first_of(asyncio.wait(set(self._tasks)), self._clock.sleep(seconds))
        return not self._tasks

    async def run(self) -> None:
        """Deliver until cancelled."""
        expiry_at = 0.0
        while not self._draining:
            self._woken.clear()
            try:
                if self._clock.monotonic() >= expiry_at:
                    await asyncio.wrap_future(self._queue.expire(self._clock.time()))
                    expiry_at = self._clock.monotonic() + _EXPIRY
                claimed = await self._claim()
            except Exception:
                log.exception("the queue could not be read; it is tried again")
                await self._clock.sleep(_AFTER_ERROR)
                continue
            if not claimed:
                await self._pause(expiry_at)

    async def _claim(self) -> bool:
        """Begin the deliveries that are due; returns whether there may be more."""
        room = _IN_FLIGHT - len(self._tasks)
        if room <= 0:
            return False
        due = await asyncio.wrap_future(self._queue.claim(self._clock.time(), room))
        for delivery in due:
            task = asyncio.ensure_future(self._one(delivery))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return bool(due)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._woken.set()

    async def _pause(self, expiry_at: float) -> None:
        due = await asyncio.wrap_future(self._queue.next_due())
        delay = expiry_at - self._clock.monotonic()
        if due is not None and len(self._tasks) < _IN_FLIGHT:
            delay = min(delay, due - self._clock.time())
        if delay > 0:
            await first_of(self._woken.wait(), self._clock.sleep(delay))

    async def _one(self, delivery: Delivery) -> None:
        began = self._clock.monotonic()
        try:
            settlement, outcome = await self._attempt(delivery)
            await asyncio.wrap_future(self._queue.settle([settlement], self._clock.time()))
        except Exception:
            log.exception("what became of a delivery to %s could not be recorded: it is made again", delivery.config_id)
            return
        if outcome:
            self._on_outcome(delivery.config_id, outcome, self._clock.monotonic() - began)
        if isinstance(settlement, Parked):
            self._parked.add(delivery.config_id)
            self.wake(delivery.config_id)  # it may have become ready while it was being parked

    async def _attempt(self, delivery: Delivery) -> tuple[Settlement, str]:
        config_id = delivery.config_id
        status = self._destination.status(config_id)
        if self._clock.time() >= delivery.expires:
            return Dead(delivery.key, "Expired"), "expired"
        if status == "gone":
            return Dead(delivery.key, "ConfigGone", f"{config_id} is not configured any more"), "dead"
        if status == "waiting":
            return Parked(delivery.key), ""
        try:
            await self._destination.deliver(delivery)
        except TerminalError as error:
            return self._give_up(delivery, "Terminal", str(error)), "dead"
        except Exception as error:  # noqa: BLE001 — whatever else a destination raises may pass
            return self._again(delivery, error)
        return Done(delivery.key), "done"

    def _again(self, delivery: Delivery, error: Exception) -> tuple[Settlement, str]:
        """Try again while the policy lets us, as `Retry-After` or else the backoff says."""
        now, text = self._clock.time(), str(error) or type(error).__name__
        first = delivery.first_attempt if delivery.first_attempt is not None else now
        delay = self._backoff.delay(delivery.attempt, self._chance())
        if isinstance(error, TransientError) and error.retry_after is not None:
            delay = min(max(error.retry_after, 0.0), _LONGEST_RETRY_AFTER)
        elif not isinstance(error, TransientError | TimeoutError):
            log.warning("delivering to %s failed: %s", delivery.config_id, text, exc_info=error)
        if now + delay - first > self._destination.policy(delivery.config_id).retry_for:
            return self._give_up(delivery, "RetriesExhausted", text), "dead"
        return Retry(delivery.key, now + delay, text), "retry"

    def _give_up(self, delivery: Delivery, reason: str, error: str) -> Settlement:
        """To the fallback where there is one and this is not one already, else to the dead letters."""
        log.warning("a delivery to %s is given up (%s): %s", delivery.config_id, reason, error)
        fallback = self._destination.policy(delivery.config_id).fallback
        if fallback and not delivery.is_fallback and self._destination.status(fallback) != "gone":
            return HandedOver(delivery.key, Target(fallback, self._destination.policy(fallback)))
        return Dead(delivery.key, reason, error)

    def _poke_from_thread(self) -> Callable[[object], None]:
        loop = asyncio.get_running_loop()

        def poke(_: object) -> None:
            try:
                loop.call_soon_threadsafe(self._woken.set)
            except RuntimeError:  # the engine has stopped
                return

        return poke
