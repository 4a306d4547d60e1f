"""A pause: nothing is sent. Deliveries wait, or are given up where that was asked for; never silently."""

import pytest

from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.model.state import ConfigState, StateReason
from reconciler.sdk import Event


def note(number):
    return Event(type="note", source="/test", id=f"e{number}")


def pause(h, *ids, drop=False, seconds=None, kind=OverrideKind.PAUSE, **more):
    asked = OverrideRequest(kind, Selector.of(ids, **more), seconds, "maintenance", drop)
    return h.manager.engine.overrides.impose(asked, "alice")


def resume(h, *ids):
    h.manager.engine.overrides.lift(Selector.of(ids), "bob")
    h.settle()


def dead(h):
    return [(letter["config"], letter["reason"]) for letter in h.manager.engine._queue.dead(10).result(5)]


@pytest.fixture
def world(harness, make, doc):
    """Two configurations that run, `diary/a` and `diary/b`: the harness and the class."""
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.write("b.yaml", doc("b", labels={"tier": "1"}), settle=False)
    h.start()
    return h, cls


def test_deliveries_wait_and_come_in_order(world):
    h, cls = world
    pause(h, "diary/a")
    for n in range(3):
        h.deliver(note(n))
    assert cls.received == [("b", "e0"), ("b", "e1"), ("b", "e2")]
    resume(h, "diary/a")
    h.wait_until(lambda: len(cls.received) == 6)
    assert cls.received[3:] == [("a", "e0"), ("a", "e1"), ("a", "e2")]


def test_paused_configuration_says_so(world):
    h, _ = world
    pause(h, "diary/a")
    status = h.config("diary/a")
    assert (status.state, status.reason, status.stale) == (ConfigState.PAUSED, StateReason.NONE, False)
    assert status.message == "paused by alice: maintenance"
    assert h.manager.engine.metrics.get_sample_value("reconcile_configs_paused") == 1


def test_pause_holds_over_a_restart(world):
    h, cls = world
    pause(h, labels={"tier": "1"})
    h.deliver(note(1))
    h.stop()
    h.start()
    h.deliver(note(2))
    assert cls.received == [("a", "e1"), ("a", "e2")]
    resume(h)
    h.wait_until(lambda: cls.received[2:] == [("b", "e1"), ("b", "e2")])


def test_pause_ends_at_its_time(world):
    h, cls = world
    pause(h, "diary/a", seconds=60)
    h.deliver(note(1))
    h.advance(70)
    h.wait_until(lambda: ("a", "e1") in cls.received)
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_dropped_deliveries_are_dead_letters(world):
    h, cls = world
    pause(h, "diary/a", drop=True)
    h.deliver(note(1))
    h.wait_until(lambda: dead(h) == [("diary/a", "Dropped")])
    resume(h, "diary/a")
    h.deliver(note(2))
    assert sorted(cls.received) == [("a", "e2"), ("b", "e1"), ("b", "e2")]
    count = h.manager.engine.metrics.get_sample_value
    assert count("reconcile_deliveries_total", {"integration": "diary", "outcome": "dropped"}) == 1


def test_dropping_takes_what_waits_already(world):
    h, _ = world
    pause(h, "diary/a")
    h.deliver(note(1))
    pause(h, "diary/a", drop=True)
    h.wait_until(lambda: dead(h) == [("diary/a", "Dropped")])


def test_dropped_delivery_does_not_go_to_the_fallback(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a", delivery={"fallback": "diary/b"}), settle=False)
    h.write("b.yaml", doc("b", events=[]), settle=False)
    h.start()
    pause(h, "diary/a", drop=True)
    h.deliver(note(1))
    h.wait_until(lambda: dead(h) == [("diary/a", "Dropped")])
    assert cls.received == []


def test_waiting_deliveries_expire_as_ever(harness, make, doc):
    h = harness(make())
    h.write("a.yaml", doc("a", delivery={"expire_after": "1m"}), settle=False)
    h.start()
    pause(h, "diary/a")
    h.deliver(note(1))
    h.advance(120)
    h.wait_until(lambda: dead(h) == [("diary/a", "Expired")])


def test_change_of_a_paused_configuration_is_made(world, doc):
    h, cls = world
    pause(h, "diary/a")
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    assert "enabled a #new" in cls.diary
    assert h.state("diary/a") is ConfigState.PAUSED


def test_configuration_that_appears_is_paused(world, doc):
    h, cls = world
    pause(h, integration="diary")
    h.write("c.yaml", doc("c"))
    h.deliver(note(1))
    assert h.state("diary/c") is ConfigState.PAUSED
    assert cls.received == []


def test_paused_and_suspended_is_both(world, doc):
    h, _ = world
    pause(h, "diary/a")
    pause(h, "diary/a", kind=OverrideKind.SUSPEND)
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    status = h.config("diary/a")
    assert (status.state, status.stale, status.reason) == (ConfigState.PAUSED, True, StateReason.SUSPENDED)
    assert len(status.overrides) == 2
    resume(h, "diary/a")
    assert h.config("diary/a").overrides == ()


def test_what_is_dropped_is_logged_as_that(world, caplog):
    h, _ = world
    pause(h, "diary/a", drop=True)
    h.deliver(note(1))
    told = "diary/a: not sent: it is among the dead letters: diary/a was paused with --drop"
    h.wait_until(lambda: told in caplog.messages)
