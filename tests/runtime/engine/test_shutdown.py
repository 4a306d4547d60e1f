"""Taking the engine down: nobody waits for somebody else's code, and no hook is called after it was stopped."""

import asyncio
import threading
import time

import pytest

from reconciler.sdk import Event, EventHook


def note(number):
    return Event(type="note", source="/test", id=f"e{number}")


def test_hanging_config_call_does_not_keep_others_from_their_shutdown(harness, make, doc):
    entered = threading.Event()

    def config_enabled(self, config):
        entered.set()
        self.release.wait(30)

    hanging, other = make(integration_id="hanging", config_enabled=config_enabled), make()
    h = harness(hanging, other)
    h.write("b.yaml", doc("b"), settle=False)
    h.write("a.yaml", doc("a", integration="hanging"), settle=False)
    h.manager.start(wait=False)
    h.wait_until(lambda: entered.is_set() and "enabled b #default" in other.diary)
    engine = h.manager.engine
    assert not h.stop(grace=2.0)
    assert other.diary[-2:] == ["disabled b #default", "shutdown"]
    assert engine.unfinished() == ["hanging"]


def test_delivery_that_outlasts_the_drain_never_reaches_a_hook_that_was_stopped(harness, make, doc):
    entered = threading.Event()

    def initialize(self):
        EventHook(self, self.first)
        EventHook(self, self.second)

    async def first(self, event, config):
        entered.set()
        while not self.release.is_set():
            await asyncio.sleep(0.01)

    def second(self, event, config):
        self.diary.append("second")

    def shutdown(self):
        self.release.set()
        self.diary.append("shutdown")

    cls = make(initialize=initialize, first=first, second=second, shutdown=shutdown)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.manager.publish(note(1)).result(5)
    h.wait_until(entered.is_set)
    engine = h.manager.engine
    assert not h.stop(grace=2.0)
    assert engine.unfinished() == ["deliveries under way"]
    assert cls.diary[-1] == "shutdown"
    h.start()
    h.wait_until(lambda: cls.diary[-1] == "second")


def test_delivery_under_way_at_the_end_is_made_after_the_restart(harness, make, doc):
    """It is due at once then, and no dead letter although its configuration has not been read yet."""

    def deliver(self, event, config):
        self.received.append((config.name, event.id))
        self.release.wait(20)

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.manager.publish(note(1)).result(5)
    h.wait_until(lambda: cls.received == [("a", "e1")])
    h.stop(grace=0.5)
    cls.release.set()
    h.start()
    h.wait_until(lambda: cls.received == [("a", "e1")] * 2)
    assert h.manager.engine.status().queue["dead"] == 0


def test_event_while_its_integration_shuts_down_is_delivered_when_it_is_back(harness, make, doc):
    """Published by the integration's own `shutdown`, as late as can be: it waits on disk for the next start."""

    def shutdown(self):
        self.diary.append("shutdown")
        self.publish(note(len(self.diary))).result(5)

    cls = make(shutdown=shutdown)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.stop()
    assert cls.received == []
    h.start()
    h.wait_until(lambda: len(cls.received) == 1)


def test_problems_of_a_shutdown_are_told(harness, make, doc):
    def shutdown(self):
        raise OSError("no")

    h = harness(make(shutdown=shutdown))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    engine = h.manager.engine
    assert not h.stop()
    assert engine.unfinished() == ["diary: shutdown() failed: no"]


def test_lane_that_was_kept_to_be_cleaned_up_ends_with_the_engine(harness, make, doc):
    """Whatever a host starts and stops again and again, no thread of it may be left."""

    def shutdown(self):
        raise OSError("no")

    h = harness(make(integration_id="untidy", shutdown=shutdown))
    h.write("a.yaml", doc("a", integration="untidy"), settle=False)
    h.start()
    h.delete("a.yaml")
    assert lanes("untidy")
    h.stop()
    h.wait_until(lambda: not lanes("untidy"), "the end of its threads")


def lanes(integration):
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(f"lane-{integration}")]


@pytest.mark.parametrize(
    ("task", "name"),
    [(lambda e: e._tasks[0], "controller"), (lambda e: e._controller._pumping, "work on what is planned")],
)
def test_heart_beats_while_the_engine_works_and_stops_when_a_task_of_it_has_ended(harness, make, caplog, task, name):
    h = harness(make())
    h.start()
    engine, beats = h.manager.engine, []
    engine.heartbeat.listen(lambda: beats.append(1), 0.03)
    h.wait_until(lambda: len(beats) > 2)
    engine._thread.loop.call_soon_threadsafe(task(engine).cancel)
    h.wait_until(lambda: f"the engine's {name} has ended" in caplog.text)
    before = engine.heartbeat._last
    h.wait_until(lambda: time.monotonic() - before > 0.1)
    assert engine.heartbeat._last == before
