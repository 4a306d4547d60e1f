"""A rehearsed course is the daemon's: the real dispatcher over the real queue makes the same attempts, at the same times."""

import asyncio
from collections import deque
from pathlib import Path

import pytest

from reconciler.compose.rehearsal.course import Script, rehearse_course
from reconciler.compose.rehearsal.recorder import Recorder
from reconciler.compose.rehearsal.stage import StillClock
from reconciler.model.config import ConfigDocument
from reconciler.model.delivery import DeliveryPolicy
from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.event import Event
from reconciler.model.ports import Target
from reconciler.model.rehearsal import Rehearsed
from reconciler.runtime.delivery.dispatcher import Dispatcher
from reconciler.runtime.delivery.queue import SqliteQueue

EVENT = Event(type="a.b", source="/s", id="1")
FAILS, ENDS = TransientError("no"), TerminalError("never")
COURSES = {
    "at once": ([None], {}),
    "backoff": ([FAILS, FAILS, FAILS, None], {}),
    "asked to wait": ([TransientError("no", retry_after=120), FAILS, None], {}),
    "terminal": ([FAILS, ENDS], {}),
    "down": ([FAILS], {}),
    "down for long": ([FAILS], {"retry_for": "1h"}),
    "short patience": ([FAILS], {"retry_for": "10s"}),
    "asked for more than is left": ([FAILS, TransientError("no", retry_after=880), TransientError("no", retry_after=99)], {}),
    "too old": ([FAILS], {"retry_for": "1h", "expire_after": "5s"}),
    "fallback": ([ENDS], {"fallback": "webhook/spare"}),
    "its own fallback": ([ENDS], {"fallback": "webhook/main"}),
}  # fmt: skip


class LeapingClock:
    """Time leaps to the next appointment once nothing is under way."""

    def __init__(self):
        self.now = 0.0
        self.is_busy = lambda: False

    def time(self):
        return self.now

    monotonic = time

    async def sleep(self, seconds):
        while self.is_busy():
            await asyncio.sleep(0)
        for _ in range(5):  # whoever was woken meanwhile goes first
            await asyncio.sleep(0)
        self.now += max(0.0, seconds)


class Service:
    """Where the dispatcher delivers to: fails as it is told to, and notes when."""

    def __init__(self, clock, problems, policy):
        self._clock, self._problems, self._policy = clock, problems, policy
        self.at = []

    def status(self, _config_id):
        return "ready"

    def policy(self, config_id):
        return self._policy if config_id == "webhook/main" else DeliveryPolicy()

    def recall(self, failing):
        assert failing == []

    async def deliver(self, delivery):
        if delivery.config_id == "webhook/main":
            self.at.append(self._clock.time())
            if problem := next_of(self._problems):
                raise problem


def next_of(problems):
    return problems.popleft() if len(problems) > 1 else problems[0]


async def dispatched(problems, policy, folder, service_class=Service):
    """Return when the dispatcher made its attempts, and how it ended."""
    clock, ended = LeapingClock(), asyncio.Event()
    queue, service = SqliteQueue(folder, clock), service_class(clock, deque(problems), policy)
    end = []

    def on_outcome(delivery, ending, _seconds):
        if ending.outcome != "retry" and delivery.config_id == "webhook/main":
            end.append(ending.outcome)
            ended.set()

    dispatcher = Dispatcher(queue, clock, service, on_outcome=on_outcome, chance=lambda: 1.0)
    clock.is_busy = lambda: dispatcher.busy
    try:
        (receipt,) = queue.append([EVENT]).result(5)
        queue.route([(receipt.sequence, [Target("webhook/main", policy)])]).result(5)
        task = asyncio.ensure_future(dispatcher.run())
        while not (ended.is_set() or queue.stats().result(5)["dead"]):  # what is too old goes without a word
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        dead = [letter["reason"] for letter in queue.dead(5).result(5)]
    finally:
        queue.close()
    return service.at, dead or end


async def rehearsed(problems, document):
    problems, recorder = deque(problems), Recorder()

    async def attempt():
        recorder.answered += 1
        return Rehearsed(), next_of(problems)

    script, clock = Script(()), StillClock(0.0)
    delivery, policy = script.delivery(document, EVENT, clock.now)
    return (await rehearse_course(delivery, policy, script, clock, recorder, attempt)).course


class Broken(Service):
    """Fails where the engine asks it something after a failure."""

    def policy(self, _config_id):
        if len(self.at) == 1:
            raise KeyError("a slip in the engine itself")
        return self._policy


def test_delivery_over_which_the_engine_itself_fails_is_made_again(tmp_path):
    at, _ = asyncio.run(dispatched([FAILS, ENDS], DeliveryPolicy(), Path(tmp_path), Broken))
    assert len(at) == 2


@pytest.mark.parametrize("name", COURSES)
def test_rehearsed_course_is_the_one_of_the_dispatcher(name, tmp_path):
    problems, delivery = COURSES[name]
    document = ConfigDocument({"integration": "webhook", "name": "main", "delivery": delivery}, "d")
    course = asyncio.run(rehearsed(problems, document))
    at, end = asyncio.run(dispatched(problems, DeliveryPolicy.of(delivery), Path(tmp_path)))
    assert [round(sum(course.waits[:n]), 3) for n in range(course.attempts)] == [round(one, 3) for one in at]
    assert {"delivered": "done", "fallback": "fallback"}.get(course.result, course.reason) == end[0]
