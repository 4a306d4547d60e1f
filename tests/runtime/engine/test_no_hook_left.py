"""After the last configuration nothing of an integration is left: no receiver, route, schedule, task or thread."""

import asyncio
import threading

import pytest
from blinker import Signal

from reconciler.model.event import Event
from reconciler.sdk import EventHook, Integration, RouteHook, ScheduleHook, SignalHook, TaskHook, unsigned
from reconciler.testing import Harness

DOCUMENT = {"integration": "many", "name": "a", "events": [{"type": "**"}]}


def make_class():
    """Return a class with a hook of every kind, owned by it and by each configuration, and a journal."""

    class Many(Integration):
        integration_id = "many"
        routes = ("/in",)
        schedules = ("hourly",)
        signal = Signal()
        journal: list[str] = []
        tasks: set[str] = set()

        def hang_up(self, owner, who):
            EventHook(owner, lambda event, config: self.journal.append(f"{who} event"))
            SignalHook(owner, self.signal, lambda sender: self.journal.append(f"{who} signal"))
            RouteHook(owner, "/in", lambda request: None, verify=unsigned())
            ScheduleHook(owner, "hourly", "0 * * * *", lambda: self.journal.append(f"{who} hour"))
            TaskHook(owner, lambda: self.work(who))

        async def work(self, who):
            self.tasks.add(who)
            try:
                await asyncio.Event().wait()
            finally:
                self.tasks.discard(who)

        def initialize(self):
            self.hang_up(self, "integration")

        def config_enabled(self, config):
            self.hang_up(config, config.name)

    Many.journal, Many.tasks = [], set()
    return Many


@pytest.fixture
def cls():
    return make_class()


@pytest.fixture
def harness(cls):
    with Harness(cls) as running:
        running.write("a.yaml", DOCUMENT)
        yield running


def lanes():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("lane-many")]


def anything_left(harness, cls):
    """Return what is still there, after giving each kind of hook an occasion to act."""
    cls.journal.clear()
    cls.signal.send(None)
    harness.deliver(Event("x", "/t", id="late"))
    harness.advance(2 * 3600)
    return [*cls.journal, *cls.tasks, *harness.manager.engine.routes.paths(), *cls.signal.receivers]


def test_everything_is_up_while_the_configuration_runs(harness, cls):
    cls.signal.send(None)
    harness.deliver(Event("x", "/t", id="1"))
    harness.advance(3600)
    assert sorted(set(cls.journal)) == [
        f"{who} {what}" for who in ("a", "integration") for what in ("event", "hour", "signal")
    ]
    assert cls.tasks == {"a", "integration"}
    assert harness.manager.engine.routes.paths() == ["/hooks/many/a/in", "/hooks/many/in"]
    assert len(cls.signal.receivers) == 2 and lanes()


@pytest.mark.parametrize("how", ["disabled", "deleted", "class taken back"])
def test_nothing_is_left_after_the_last_one(harness, cls, how):
    if how == "disabled":
        harness.write("a.yaml", {**DOCUMENT, "enabled": False})
    elif how == "deleted":
        harness.delete("a.yaml")
    else:
        harness.manager.unregister_integration_class(cls)
        harness.settle()
    assert anything_left(harness, cls) == []
    harness.wait_until(lambda: not lanes(), "the end of its threads")


def test_nothing_is_left_after_the_engine(harness, cls):
    engine = harness.manager.engine
    assert harness.stop()
    cls.signal.send(None)
    assert [cls.tasks, engine.routes.paths(), dict(cls.signal.receivers)] == [set(), [], {}]
    harness.wait_until(lambda: not lanes(), "the end of its threads")


def test_second_start_has_each_hook_once(harness, cls):
    harness.delete("a.yaml")
    harness.write("a.yaml", DOCUMENT)
    cls.journal.clear()
    cls.signal.send(None)
    assert sorted(cls.journal) == ["a signal", "integration signal"]


def test_edit_leaves_each_hook_once(harness, cls):
    harness.write("a.yaml", {**DOCUMENT, "settings": {"x": 1}})
    cls.journal.clear()
    cls.signal.send(None)
    harness.deliver(Event("x", "/t", id="1"))
    assert sorted(cls.journal) == ["a event", "a signal", "integration event", "integration signal"]
    assert cls.tasks == {"a", "integration"}
