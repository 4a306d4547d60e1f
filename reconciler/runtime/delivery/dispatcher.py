"""From deliveries on disk to calls: claims what is due, hands it to its destination, records what came of it.

Runs on the engine's loop. Whether a configuration may be delivered to, and how, is the destination's to say; how often
is `dispatch_decision.py`'s, and how many at once `dispatch_room.py`'s.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Collection, Coroutine, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Literal, Protocol

from reconciler.core.backoff import Backoff
from reconciler.core.retry_after import asked_to_wait
from reconciler.model.delivery import Delivery, DeliveryPolicy, Failing
from reconciler.model.errors import NotRunning, ReconcileError, StateError
from reconciler.model.ports import Clock, Dead, DeliveryQueue, Done, HandedOver, Parked, Retry, Settlement, Target
from reconciler.runtime.delivery.dispatch_decision import Again, Ending, GivenUp, after_failure, heir
from reconciler.runtime.delivery.dispatch_room import Room
from reconciler.runtime.first_of import first_of
from reconciler.runtime.lanes.calls import tellable

log = logging.getLogger(__name__)
_CLAIM_AT_ONCE = 64
_EXPIRY = 10.0
"""How often the dead letters take what is too old, in seconds."""
_AFTER_ERROR = 1.0
_LEAST = 0.00001
"""The shortest rest, in seconds: times since the epoch are rounded, and the queue may not yet find due what is due."""


class Destination(Protocol):
    """Where deliveries go."""

    def status(self, config_id: str) -> Literal["ready", "waiting", "dropped", "gone"]:
        """Say whether a delivery may be made now, has to wait, is not wanted, or has nowhere to go."""

    def policy(self, config_id: str) -> DeliveryPolicy:
        """Return how the configuration wants its deliveries made."""

    async def deliver(self, delivery: Delivery) -> None:
        """Make one attempt; raises TransientError, TerminalError, or anything else, which counts as transient."""

    def recall(self, failing: Sequence[Failing]) -> None:
        """Hear, before the first attempt, whose deliveries were tried in vain in an earlier life."""


class Dispatcher:
    """Delivers until cancelled, at most `limit` at once.

    `on_outcome(delivery, ending, seconds)` hears of every attempt and its end.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        clock: Clock,
        destination: Destination,
        *,
        backoff: Backoff | None = None,
        limit: int = 256,
        on_outcome: Callable[[Delivery, Ending, float], None] = lambda _delivery, _ending, _seconds: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._destination = destination
        self._backoff = backoff or Backoff()
        self._on_outcome = on_outcome
        self._chance = chance
        self._room = Room(limit)
        self._tasks: set[asyncio.Task[None]] = set()
        self._parked: set[str] = set()
        self._hastened: set[str] = set()
        self._has_begun = self._has_recalled = False
        self._woken = asyncio.Event()
        self._turned = asyncio.Event()
        self._expiry_at = 0.0
        self._draining = False
        self._failing: set[str] = set()
        self._claiming = False
        self._resting = True
        self._put_off = False

    @property
    def busy(self) -> bool:
        """Whether a delivery is under way or being claimed, or one that waited for room is being called."""
        return self._claiming or bool(self._tasks) or self._room.calling

    @property
    def resting(self) -> bool:
        """Whether it waits for the clock, or to be poked, and has nothing else to do."""
        rests = self._put_off or (self._resting and not self._woken.is_set())
        return rests and not self.busy

    def poke(self) -> None:
        """Look at the queue soon."""
        self._woken.set()

    def wake(self, config_id: str) -> None:
        """What is parked for this configuration may be tried: it runs, or it is gone."""
        if config_id in self._parked and self._destination.status(config_id) != "waiting":
            self._parked.discard(config_id)
            self._room.call(config_id)
            self._woken.set()

    def wake_all(self, config_ids: AbstractSet[str]) -> None:
        """What is parked for any of these may be tried."""
        for config_id in self._parked & config_ids:
            self.wake(config_id)

    def wake_parked(self) -> None:
        """Whatever is parked may be tried, where it need not wait any more."""
        for config_id in list(self._parked):
            self.wake(config_id)

    def hasten(self, config_ids: Collection[str]) -> None:
        """Try now what waits for its next attempt, also where a destination asked for more time."""
        if self._has_begun:  # in a worker, deliveries are the runner's
            self._hastened.update(config_ids)
            self._woken.set()

    async def catch_up(self) -> None:
        """Return when everything that is due is under way, or at once where delivering has not begun."""
        while self._has_begun and not self._draining:
            due = await asyncio.wrap_future(self._queue.next_due())
            if due is None or due > self._clock.time():
                return
            self._turned.clear()
            self._woken.set()
            await self._turned.wait()

    async def drain(self, seconds: float) -> bool:
        """Claim nothing more and let what is under way end; returns whether it did within `seconds`.

        What did not is cancelled, so that no hook is called after it was stopped; a restart makes it again.
        """
        self._draining = True
        self._turned.set()
        self._woken.set()
        if self._tasks:
            await first_of(asyncio.wait(set(self._tasks)), self._clock.sleep(seconds))
        late = set(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return not late

    async def run(self) -> None:
        """Deliver until drained or cancelled; cancelling ends what is under way, to be made again after a restart."""
        self._has_begun, self._resting = True, False
        try:
            while not self._draining:
                self._woken.clear()
                try:
                    more = await self._turn()
                except NotRunning:
                    return
                except Exception as error:  # noqa: BLE001 — a full disk must not end deliveries for good
                    self._turned.set()
                    self._put_off = True
                    await self._after_error("claim", error)
                    self._put_off = False
                else:
                    self._turned.set()
                    self._failing.discard("claim")
                    if not more:
                        await self._pause()
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            raise

    # --- one turn -----------------------------------------------------------------------------------------------

    async def _turn(self) -> bool:
        """Recall, expire, hurry, call, claim; returns whether there may be more to do at once."""
        if not self._has_recalled:
            failing = await asyncio.wrap_future(self._queue.failing())
            self._destination.recall(failing)
            self._has_recalled = True
        more = False
        if self._clock.monotonic() >= self._expiry_at:
            more = await asyncio.wrap_future(self._queue.expire(self._clock.time())) > 0
            self._expiry_at = self._clock.monotonic() + (0.0 if more else _EXPIRY)
            self._room.call_all()
        self._room.release(self._clock.monotonic())
        await self._hurry()
        await self._call()
        return await self._claim() or more

    async def _hurry(self) -> None:
        asked = set(self._hastened)
        if asked:
            await asyncio.wrap_future(self._queue.hasten(asked, self._clock.time()))
            self._hastened -= asked
        for config_id in asked:
            self._room.let_in(config_id)

    async def _call(self) -> None:
        for config_id, wanted in list(self._room.calls()):
            try:
                came = await asyncio.wrap_future(self._queue.wake([config_id], self._clock.time(), wanted))
            except BaseException:
                self._room.call(config_id)
                raise
            self._room.answered(config_id, wanted, came)

    async def _claim(self) -> bool:
        """Begin the deliveries that are due; returns whether there may be more."""
        room = min(self._room.free, _CLAIM_AT_ONCE)
        if room <= 0:
            return False
        self._claiming = True
        try:
            due = await asyncio.wrap_future(self._queue.claim(self._clock.time(), room))
            if self._draining:  # what was claimed stays on disk; a claim does not outlive the process
                return False
            crowded = [delivery for delivery in due if not self._begin(delivery)]
        finally:
            self._claiming = False
        if crowded:
            self._spawn(self._park(crowded))
        return bool(due)

    async def _park(self, crowded: Sequence[Delivery]) -> None:
        """Put back what found no room. It is called once that is on disk: an earlier call would have found nothing."""
        await self._record([Parked(delivery.key) for delivery in crowded])
        for delivery in crowded:
            self._room.call_unless_held(delivery.config_id)

    def _begin(self, delivery: Delivery) -> bool:
        if not self._room.enter(delivery.config_id):
            return False
        self._spawn(self._one(delivery))
        return True

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._woken.set()

    async def _pause(self) -> None:
        now = self._clock.monotonic()
        delays = [self._expiry_at - now]
        released = self._room.release(now)
        if released is not None:
            delays.append(released - now)
        if self._room.free > 0:
            due = await asyncio.wrap_future(self._queue.next_due())
            if due is not None:
                delays.append(due - self._clock.time())
        if not self._room.calling:
            self._resting = True
            await first_of(self._woken.wait(), self._clock.sleep(max(min(delays), _LEAST)))
            self._resting = False

    async def _after_error(self, what: str, error: Exception) -> None:
        """Say it once, not every second."""
        if what not in self._failing:
            trace = None if isinstance(error, StateError) else error
            log.error("deliveries wait, and are tried every %g s: %s", _AFTER_ERROR, error, exc_info=trace)
        self._failing.add(what)
        await self._clock.sleep(_AFTER_ERROR)

    # --- one delivery -------------------------------------------------------------------------------------------

    async def _one(self, delivery: Delivery) -> None:
        config_id, began = delivery.config_id, self._clock.monotonic()
        try:
            settlement, ending = await self._settled(delivery)
            seconds = self._clock.monotonic() - began
            await self._record([settlement])
        finally:
            self._room.leave(config_id)
        if isinstance(settlement, Parked):
            self._parked.add(config_id)
            self.wake(config_id)  # it may have become ready while it was being parked
        if ending is not None:
            self._on_outcome(delivery, ending, seconds)

    async def _settled(self, delivery: Delivery) -> tuple[Settlement, Ending | None]:
        """Return what becomes of a delivery, whatever happens: one that stays claimed would stop its lane for good."""
        try:
            return await self._attempt(delivery)
        except Exception as error:
            log.exception("delivering to %s failed in the engine itself; it is tried again", delivery.config_id)
            text = str(tellable(error)) or type(error).__name__
            due = self._clock.time() + self._backoff.delay(delivery.attempt, self._chance())
            return Retry(delivery.key, due, text), Ending("retry", text)

    async def _record(self, settlements: Sequence[Settlement]) -> None:
        """Write down what came of deliveries, as long as it takes: to make them again instead would double them."""
        while True:
            try:
                await asyncio.wrap_future(self._queue.settle(settlements, self._clock.time()))
            except NotRunning:
                return
            except Exception as error:  # noqa: BLE001 — a full disk, whatever it is called
                await self._after_error("record", error)
            else:
                self._failing.discard("record")
                return

    async def _attempt(self, delivery: Delivery) -> tuple[Settlement, Ending | None]:
        now, began = self._clock.time(), self._clock.monotonic()
        tried_before = max(0.0, now - delivery.first_attempt) if delivery.first_attempt is not None else 0.0
        if now >= delivery.expires:
            return _dead(delivery, GivenUp.EXPIRED, "it was not delivered in time", "expired")
        try:
            untried = self._untried(delivery)
            if untried is not None:
                return untried
            await self._destination.deliver(delivery)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Not we were cancelled but the call we waited for: its lane is gone.
            return self._failed(delivery, error, tried_before + self._clock.monotonic() - began)
        except Exception as error:  # noqa: BLE001 — whatever a destination raises is an attempt that failed
            return self._failed(delivery, error, tried_before + self._clock.monotonic() - began)
        return Done(delivery.key), Ending("done")

    def _untried(self, delivery: Delivery) -> tuple[Settlement, Ending | None] | None:
        """Return what becomes of a delivery without an attempt, or None where one may be made."""
        config_id = delivery.config_id
        match self._destination.status(config_id):
            case "gone":
                return _dead(delivery, GivenUp.CONFIG_GONE, f"{config_id} is not configured any more")
            case "dropped":
                return _dead(delivery, GivenUp.DROPPED, f"{config_id} was paused with --drop", "dropped")
            case "waiting":
                return Parked(delivery.key), None
            case "ready":
                return None

    def _failed(self, delivery: Delivery, error: BaseException, tried_for: float) -> tuple[Settlement, Ending]:
        config_id, text = delivery.config_id, str(error) or type(error).__name__
        if delivery.attempt <= 1 and not isinstance(error, ReconcileError | TimeoutError | asyncio.CancelledError):
            fields = {"config": config_id, "delivery": delivery.key, "event_id": delivery.event.id, "error": text}
            log.warning("delivering to %s failed: %s", config_id, text, exc_info=error, extra={"fields": fields})
        wait = asked_to_wait(error, self._clock.time())
        if wait is not None:
            self._room.hold(config_id, self._clock.monotonic() + wait)
        backoff = self._backoff.delay(delivery.attempt, self._chance())
        verdict = after_failure(delivery, self._destination.policy(config_id), error, tried_for, backoff, wait)
        if isinstance(verdict, Again):
            return Retry(delivery.key, self._clock.time() + verdict.delay, text), Ending("retry", text)
        return self._give_up(delivery, verdict, text)

    def _give_up(self, delivery: Delivery, reason: GivenUp, error: str) -> tuple[Settlement, Ending]:
        """To the fallback where there is one and this is not one already, else to the dead letters."""
        fallback = heir(delivery, self._destination.policy(delivery.config_id))
        if fallback is None or self._destination.status(fallback) == "gone":
            return _dead(delivery, reason, error)
        target = Target(fallback, self._destination.policy(fallback))
        return HandedOver(delivery.key, target), Ending("fallback", error, reason)


def _dead(delivery: Delivery, reason: GivenUp, error: str, outcome: str = "dead") -> tuple[Settlement, Ending]:
    return Dead(delivery.key, reason, error), Ending(outcome, error, reason)
