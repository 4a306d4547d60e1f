"""The table of ENGINE.md, "Keys and updates", row by row: what each change calls, in which order, and what rolls back."""

import asyncio
import threading

import pytest

from reconciler.model.ports import Request, Response
from reconciler.model.state import ConfigState, StateReason
from reconciler.sdk import Event, EventHook, Hook, RouteHook, SignalHook, TerminalError, unsigned


class Port(Hook):
    """An exclusive hook, or one beside its like (`shared`); the diary and the world tell it what to do."""

    def __init__(self, owner, version, world, *, shared=False):
        self.version, self.world = version, world
        self.exclusive = None if shared else "port:80"
        super().__init__(owner)

    def start(self, host):
        self.world.log.append(f"start {self.version}")
        if self.version in self.world.broken:
            raise OSError(f"{self.version} cannot listen")

    def stop(self, reason):
        self.world.log.append(f"stop {self.version} {reason.value}")
        if self.version in self.world.stuck:
            raise OSError(f"{self.version} is busy")


class World:
    """What the hooks of a test have done, which versions cannot start, and which cannot stop."""

    def __init__(self):
        self.log, self.broken, self.stuck = [], set(), set()


@pytest.fixture
def world():
    return World()


def version(config):
    return config.settings.channel


def enabled_with(world, *, shared, more=lambda self, config: None):
    def enabled(self, config):
        world.log.append(f"enabled {version(config)}")
        Port(config, version(config), world, shared=shared)
        more(self, config)

    def disabled(self, config):
        world.log.append(f"disabled {version(config)}")

    return {"config_enabled": enabled, "config_disabled": disabled}


def changed_with(world, *, shared):
    def changed(self, old, new):
        world.log.append(f"changed {version(old)} {version(new)}")
        if version(new) == "refused":
            raise TerminalError("no")
        Port(new, version(new), world, shared=shared)

    return {**enabled_with(world, shared=shared), "config_changed": changed}


def started(harness, cls, doc, world):
    """Return a harness in which version `one` runs; the log begins after that."""
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "one"}))
    world.log.clear()
    return h


def update(h, doc, to, **more):
    h.write("a.yaml", doc("a", settings={"channel": to}, **more))


def live(h):
    return h.manager.get_configs("diary")[0].settings.channel


@pytest.mark.parametrize(
    "change",
    [
        {"events": [{"type": "other"}]}, {"message": {"title": "hi"}}, {"delivery": {"retry_for": "1m"}},
        {"labels": {"a": "b"}}, {"description": "words"},
    ],
)  # fmt: skip
def test_what_the_code_does_not_hear_of_swaps_routes_alone(harness, make, doc, world, change):
    h = started(harness, make(**changed_with(world, shared=True)), doc, world)
    update(h, doc, "one", **change)
    assert world.log == []
    assert h.config("diary/a").digest == h.config("diary/a").desired_digest


def test_scope_is_heard_of(harness, make, doc, world):
    h = started(harness, make(**changed_with(world, shared=True)), doc, world)
    update(h, doc, "one", scope={"team": "web"})
    assert world.log[0] == "changed one one"


def test_config_changed_has_its_new_hooks_started_before_the_old_ones_stop(harness, make, doc, world):
    h = started(harness, make(**changed_with(world, shared=True)), doc, world)
    update(h, doc, "two")
    assert world.log == ["changed one two", "start two", "stop one replaced"]


def test_raising_config_changed_keeps_the_old_one(harness, make, doc, world):
    h = started(harness, make(**changed_with(world, shared=True)), doc, world)
    update(h, doc, "refused")
    assert world.log == ["changed one refused"]
    assert (live(h), h.config("diary/a").reason) == ("one", StateReason.UPDATE_FAILED)


def test_code_goes_back_when_the_hooks_after_config_changed_do_not_start(harness, make, doc, world):
    world.broken.add("two")
    h = started(harness, make(**changed_with(world, shared=True)), doc, world)
    update(h, doc, "two")
    assert world.log == ["changed one two", "start two", "stop two replaced", "changed two one"]
    assert (live(h), h.config("diary/a").reason) == ("one", StateReason.UPDATE_FAILED)


def test_without_config_changed_the_new_one_is_up_before_the_old_one_goes(harness, make, doc, world):
    h = started(harness, make(**enabled_with(world, shared=True)), doc, world)
    update(h, doc, "two")
    assert world.log == ["enabled two", "start two", "stop one replaced", "disabled one"]


def test_new_hooks_that_do_not_start_are_rolled_back_in_reverse(harness, make, doc, world):
    def more(self, config):
        Port(config, f"{version(config)}+", world, shared=True)

    world.broken.add("two+")
    h = started(harness, make(**enabled_with(world, shared=True, more=more)), doc, world)
    update(h, doc, "two")
    assert world.log == [
        "enabled two", "start two", "start two+", "stop two+ replaced", "stop two replaced", "disabled two",
    ]  # fmt: skip
    assert live(h) == "one"


def test_exclusive_resource_passes_from_the_old_one_to_the_new_one(harness, make, doc, world):
    def more(self, config):
        Port(config, f"{version(config)}+", world, shared=True)

    h = started(harness, make(**enabled_with(world, shared=False, more=more)), doc, world)
    update(h, doc, "two")
    assert world.log == [
        "enabled two", "stop one replaced", "start two", "start two+", "stop one+ replaced", "disabled one",
    ]  # fmt: skip


def test_exclusive_hook_that_fails_gives_way_to_the_old_one(harness, make, doc, world):
    world.broken.add("two")
    h = started(harness, make(**enabled_with(world, shared=False)), doc, world)
    update(h, doc, "two")
    assert world.log == [
        "enabled two", "stop one replaced", "start two", "stop two replaced", "start one", "disabled two",
    ]  # fmt: skip
    assert (h.state("diary/a"), live(h)) == (ConfigState.ACTIVE, "one")


def test_neither_new_nor_old_starting_is_failed_and_retried(harness, make, doc, world):
    h = started(harness, make(**enabled_with(world, shared=False)), doc, world)
    world.broken |= {"one", "two"}
    update(h, doc, "two")
    status = h.config("diary/a")
    assert status.state is ConfigState.FAILED
    assert "two cannot listen; what ran before does not start again either: one cannot listen" in status.message
    assert world.log[-2:] == ["disabled one", "stop one replaced"]
    assert h.manager.get_configs("diary") == []
    world.broken.clear()
    h.advance(10)
    assert (h.state("diary/a"), live(h)) == (ConfigState.ACTIVE, "two")


def test_old_hook_that_did_not_stop_and_was_started_again_is_left_alone(harness, make, doc, world):
    h = started(harness, make(**enabled_with(world, shared=False)), doc, world)
    world.stuck.add("one")
    world.broken.add("two")
    update(h, doc, "two")
    world.stuck.clear()
    update(h, doc, "one")
    world.log.clear()
    h.advance(60)
    assert world.log == []


def test_disabling_awaits_what_is_in_flight_before_it_stops(harness, make, doc, world):
    begun = threading.Event()

    def deliver(self, event, config):
        begun.set()
        self.release.wait(10)
        world.log.append("delivered")

    cls = make(**enabled_with(world, shared=True), deliver=deliver)
    h = started(harness, cls, doc, world)
    h.manager.publish(Event(type="note", source="test")).result(5)
    h.wait_until(begun.is_set)
    h.write("a.yaml", doc("a", settings={"channel": "one"}, enabled=False), settle=False)
    h.manager.look()
    h.wait_until(lambda: h.state("diary/a") is ConfigState.DISABLED)
    assert world.log == []
    cls.release.set()
    h.settle()
    assert world.log == ["delivered", "disabled one", "stop one removed"]


def test_changed_id_removes_the_old_one_before_it_adds_the_new_one(harness, make, doc, world):
    h = started(harness, make(**enabled_with(world, shared=False)), doc, world)
    h.write("a.yaml", doc("b", settings={"channel": "two"}))
    h.wait_until(lambda: h.state("diary/b") is ConfigState.ACTIVE)
    assert world.log == ["disabled one", "stop one removed", "enabled two", "start two"]


def test_delivery_during_an_update_reaches_a_receiver(harness, make, doc, world):
    stopping, got = threading.Event(), []

    class Slow(Hook):
        def start(self, host):
            pass

        def stop(self, reason):
            stopping.set()
            cls.release.wait(10)

    def enabled(self, config):
        Slow(config)
        EventHook(config, lambda event, config: got.append((version(config), event.id)))

    cls = make(config_enabled=enabled, initialize=lambda self: None)
    h = started(harness, cls, doc, world)
    h.write("a.yaml", doc("a", settings={"channel": "two"}), settle=False)
    h.manager.look()
    h.wait_until(stopping.is_set)  # the receiver of the old version has been taken back already
    h.deliver(Event(type="note", source="test", id="1"))
    assert got == [("two", "1")]
    cls.release.set()


def test_signal_is_received_at_every_moment_of_an_update(harness, make, doc, world):
    from blinker import Signal

    signal, seen = Signal(), []

    class Sender(Hook):
        """Sends while the new hooks are started, and while the old ones stop."""

        def start(self, host):
            signal.send("during start")

        def stop(self, reason):
            signal.send("during stop")

    def enabled(self, config):
        SignalHook(config, signal, lambda sender: seen.append((version(config), sender)))
        Sender(config)

    h = started(harness, make(config_enabled=enabled), doc, world)
    seen.clear()
    update(h, doc, "two")
    assert {sender for _, sender in seen} == {"during start", "during stop"}
    seen.clear()
    signal.send("after")
    assert seen == [("two", "after")]


def test_route_answers_at_every_moment_of_an_update_and_of_a_rollback(harness, make, doc, world):
    gaps, path = [], "/hooks/diary/a/in"

    class Probe(Hook):
        """Looks at the route while the new hooks are started, and while the old ones stop."""

        def start(self, host):
            self.look()
            if self.channel == "broken":
                raise OSError("no")

        def stop(self, reason):
            self.look()

        def look(self):
            if cls.h is not None and not cls.h.manager.engine.routes.find(path):
                gaps.append(self.channel)

    def enabled(self, config):
        answer = version(config).encode()
        RouteHook(config, "in", lambda request: Response(200, answer), verify=unsigned())
        Probe(config).channel = version(config)

    cls = make(config_enabled=enabled, routes=("in",), h=None)
    cls.h = h = started(harness, cls, doc, world)
    update(h, doc, "two")
    assert asked(h, path) == b"two"
    update(h, doc, "broken")
    assert asked(h, path) == b"two"
    assert gaps == []
    cls.h = None


def asked(h, path):
    return asyncio.run(h.manager.engine.routes.find(path)["POST"](Request("POST", path, "", {}, b""))).body


def test_routes_of_two_owners_do_not_cover_each_other(harness, make, doc):
    def initialize(self):
        RouteHook(self, "a/in", lambda request: None, verify=unsigned())

    def enabled(self, config):
        RouteHook(config, "in", lambda request: None, verify=unsigned())

    h = harness(make(initialize=initialize, config_enabled=enabled, routes=("in", "a/in")))
    h.start()
    h.write("a.yaml", doc("a"))
    assert "is open already" in h.config("diary/a").message


def test_route_named_after_a_setting_has_one_holder(harness, make, doc):
    def enabled(self, config):
        RouteHook(config, "{settings.channel}", lambda request: None, verify=unsigned())

    h = harness(make(config_enabled=enabled, routes=("{settings.channel}",)))
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "ci"}))
    h.write("b.yaml", doc("b", settings={"channel": "ci"}))
    assert h.manager.engine.routes.paths() == ["/hooks/diary/ci"]
    assert "is open already" in h.config("diary/b").message
