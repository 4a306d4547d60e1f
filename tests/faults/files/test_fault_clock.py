"""The clock set a day back or forward beneath a running engine: nothing storms, nothing is skipped, nothing is given up."""

import pytest

from reconciler.sdk import Event, EventHook, Integration, ScheduleHook, TransientError
from reconciler.testing import Harness

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("step", [86400.0, -86400.0], ids=["forward", "back"])]

DOCUMENT = {"integration": "clocked", "name": "a", "delivery": {"retry_for": "1h"}}


class Clocked(Integration):
    """Counts what it is asked for; it fails while `failing` is set."""

    integration_id = "clocked"
    events = ("note",)
    schedules = ("hourly",)

    def initialize(self):
        EventHook(self, self.deliver)
        ScheduleHook(self, "hourly", "0 * * * *", lambda: self.runs.append(1))

    def config_enabled(self, config):
        self.tries.append(1)
        if self.failing:
            raise TransientError("not yet")

    def deliver(self, event, config):
        self.attempts.append(event.id)
        if self.rejecting:
            raise TransientError("not now")


@pytest.fixture
def run():
    """Run a harness over a fresh class: `run(failing=..., rejecting=...)`."""
    running = []

    def start(*, failing=False, rejecting=False):
        lists = {"tries": [], "attempts": [], "runs": []}
        cls = type("Fresh", (Clocked,), {"failing": failing, "rejecting": rejecting, **lists})
        harness = Harness(cls)
        running.append(harness)
        harness.write("a.yaml", DOCUMENT, settle=False)
        harness.start()
        return harness, cls

    yield start
    for harness in running:
        harness.__exit__(None, None, None)


def test_backoff_goes_on_as_if_nothing_had_happened(run, step):
    harness, cls = run(failing=True)
    harness.advance(60)
    before = len(cls.tries)
    harness.clock.step(step)
    harness.advance(60)
    assert len(cls.tries) - before <= 10, "a storm"
    cls.failing = False
    harness.advance(310)
    assert harness.state("clocked/a") == "active"


def test_failing_delivery_is_neither_given_up_nor_forgotten(run, step):
    harness, cls = run(rejecting=True)
    harness.manager.publish(Event(type="note", source="/t", id="1")).result(5)
    harness.wait_until(lambda: cls.attempts)
    harness.clock.step(step)
    harness.advance(60)
    before = len(cls.attempts)
    assert before <= 20, "a storm"
    harness.manager.publish(Event(type="note", source="/t", id="2")).result(5)
    cls.rejecting = False
    harness.advance(310)
    harness.wait_until(lambda: cls.attempts[-1] == "2")
    assert harness.manager.engine.status().queue["dead"] == 0


def test_schedule_makes_up_for_at_most_one_run_and_goes_on_by_the_hour(run, step):
    harness, cls = run()
    harness.advance(2 * 3600)
    before = len(cls.runs)
    harness.clock.step(step)
    harness.advance(120)
    assert len(cls.runs) - before <= 1, "a storm"
    before = len(cls.runs)
    harness.advance(2 * 3600)
    assert 1 <= len(cls.runs) - before <= 3


def test_sweep_comes_in_time(run, step):
    harness, _ = run()
    looks = harness.manager.engine.looks
    harness.clock.step(step)
    harness.advance(65)
    assert 1 <= harness.manager.engine.looks - looks <= 4


def test_removals_of_the_last_ten_minutes_still_count(run, step):
    harness, _ = run()
    for name in "bcdef":
        harness.write(f"{name}.yaml", DOCUMENT | {"name": name}, settle=False)
    harness.settle()
    for name in "ab":
        harness.delete(f"{name}.yaml")
    harness.clock.step(step)
    for name in "cd":
        harness.delete(f"{name}.yaml")
    assert harness.state("clocked/a") is None
    assert (harness.state("clocked/d"), harness.manager.engine.status().held) == ("active", 1)
