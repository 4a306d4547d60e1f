"""One delivery from its first attempt to its end, by the daemon's own rules, while the clock is put forward.

Called by `rehearsal.py` where a case scripts what the service answers. Waits are the longest that the daemon takes:
jitter makes those shorter that no `Retry-After` asked for.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.compose.rehearsal.recorder import Recorder
from reconciler.compose.rehearsal.stage import StillClock
from reconciler.core.backoff import Backoff
from reconciler.core.retry_after import asked_to_wait
from reconciler.model.case import Answer
from reconciler.model.config import ConfigDocument
from reconciler.model.delivery import Delivery, DeliveryPolicy
from reconciler.model.errors import ReconcileError
from reconciler.model.event import Event
from reconciler.model.rehearsal import Course, Rehearsed
from reconciler.runtime.delivery.dispatch_decision import Again, GivenUp, after_failure, heir
from reconciler.runtime.lanes.calls import Abandoned

MOST_ATTEMPTS: Final = 2_500
"""A week of retries at the longest backoff is less."""
_LONGEST: Final = 1.0
"""Stands for the jitter: the whole of the backoff."""
_MOMENT: Final = 1e-6
"""How long an attempt takes, in seconds: hardly any time, and never none."""

Attempt = Callable[[], Awaitable[tuple[Rehearsed, Exception | None]]]
"""Makes an attempt; gives what came of it, and what the integration raised."""


class Script(Struct, frozen=True):
    """What the service answers to a delivery's requests, in their order, the last one to all that follow.

    `after` is how many seconds after the event the first attempt is made; `is_fallback` that another configuration gave
    the delivery up. `may_inherit` says whether there is a configuration that a delivery can be handed over to.
    """

    answers: tuple[Answer, ...]
    after: float = 0.0
    is_fallback: bool = False
    may_inherit: Callable[[str], bool] = lambda _config_id: True

    def delivery(self, document: ConfigDocument, event: Event, now: float) -> tuple[Delivery, DeliveryPolicy]:
        """Return the delivery of an event that happens at `now`, and how it is to be made."""
        policy, created = DeliveryPolicy.of(document.delivery), now + self.after
        expires = created + policy.expire_after
        return Delivery(event.id, 1, document.id, event, 1, created, None, expires, self.is_fallback), policy


async def rehearse_course(
    delivery: Delivery, policy: DeliveryPolicy, script: Script, clock: StillClock, recorder: Recorder, attempt: Attempt
) -> Rehearsed:
    """Make attempts, with the answers of the script, until the daemon would make none; then the clock stands as before.

    Returns what the last one gave, with the course; with an error where there is none.
    """
    now, last = clock.now, Rehearsed()

    async def once() -> Exception | None:
        nonlocal last
        last, problem = await attempt()
        if isinstance(problem, Abandoned):
            raise ReconcileError(str(problem))
        if not recorder.answered:
            raise ReconcileError(last.error or "`answers` are those to HTTP requests, and it has made none")
        return problem

    recorder.script(script.answers)
    clock.now = delivery.created
    try:
        course = await _follow(delivery, policy, script, clock, once)
        return replace(last, course=course)
    except ReconcileError as error:
        return replace(last, error=str(error))
    finally:
        clock.now = now
        recorder.script(())


async def _follow(
    delivery: Delivery,
    policy: DeliveryPolicy,
    script: Script,
    clock: StillClock,
    attempt: Callable[[], Awaitable[Exception | None]],
) -> Course:
    """Return how it went; raises ReconcileError where there is no end to it."""
    waits: list[float] = []
    while len(waits) < MOST_ATTEMPTS:
        problem = await attempt()
        if problem is None:
            return Course(len(waits) + 1, tuple(waits), "delivered")
        backoff = Backoff().delay(len(waits) + 1, _LONGEST)
        asked = asked_to_wait(problem, clock.now)
        verdict = after_failure(delivery, policy, problem, sum(waits) + _MOMENT, backoff, asked)
        if isinstance(verdict, GivenUp):
            fallback = heir(delivery, policy)
            result = "fallback" if fallback is not None and script.may_inherit(fallback) else "dead"
            return Course(len(waits) + 1, tuple(waits), result, str(verdict), fallback or "")
        assert isinstance(verdict, Again)
        if clock.now + verdict.delay >= delivery.expires:
            return Course(len(waits) + 1, tuple(waits), "dead", str(GivenUp.EXPIRED))
        waits.append(round(verdict.delay, 3))
        clock.now = delivery.created + sum(waits)
    raise ReconcileError(f"it is still tried after {MOST_ATTEMPTS:,} attempts: let a later answer end it")
