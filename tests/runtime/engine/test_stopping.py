"""What is being stopped receives nothing more: deliveries wait for what runs next, and do not put off the end."""

import threading

from reconciler.model.state import ConfigState
from reconciler.sdk import Event, EventHook, Hook, TerminalError

ONLY_TWO = '[[folder]]\npath = "**"\n[folder.settings.diary]\nproperties.port.const = 2\n'


def note(number):
    return Event(type="note", source="/test", id=f"e{number}")


class Lot(Hook):
    """Holds something exclusive; starting it fails as often as it is told to, but for the first time."""

    exclusive = "lot"

    def __init__(self, owner, starts, failures):
        self.starts, self.failures = starts, failures
        super().__init__(owner)

    def start(self, host):
        self.starts.append(1)
        if 1 < len(self.starts) <= 1 + self.failures:
            raise OSError("taken")

    def stop(self, reason):
        pass


class Slow(Hook):
    def __init__(self, owner, entered, release):
        self.entered, self.release = entered, release
        super().__init__(owner)

    def start(self, host):
        pass

    def stop(self, reason):
        self.entered.set()
        self.release.wait(20)


def test_event_while_what_could_not_be_rolled_back_stops_waits_for_what_runs_next(harness, make, doc):
    starts, entered = [], threading.Event()

    def config_enabled(self, config):
        Lot(config, starts, 2)
        Slow(config, entered, self.release)
        EventHook(config, self.deliver)

    cls = make(initialize=lambda _: None, config_enabled=config_enabled)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "#new"}), settle=False)
    h.manager.look()
    h.wait_until(entered.is_set)
    h.deliver(note(1))
    assert h.manager.engine.status().queue["dead"] == 0
    cls.release.set()
    h.advance(3)
    assert cls.received == [("a", "e1")]


def test_what_the_policy_forbids_receives_nothing_more_while_it_ends(harness, make, doc):
    entered = threading.Event()

    def config_changed(self, old, new):
        raise TerminalError("the new one does not start")

    def deliver(self, event, config):
        self.received.append((event.id, config.settings.port))
        entered.set()
        self.release.wait(20)

    cls = make(config_changed=config_changed, deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a", settings={"port": 1}, delivery={"order": "none"}), settle=False)
    h.start()
    h.manager.publish(note(1)).result(5)
    h.wait_until(entered.is_set)
    h.write("reconcile.toml", ONLY_TWO, settle=False)
    h.write("a.yaml", doc("a", settings={"port": 2}, delivery={"order": "none"}), settle=False)
    h.manager.look()
    h.wait_until(lambda: h.state("diary/a") is not ConfigState.ACTIVE, "the end of what the policy forbids")
    h.manager.publish(note(2)).result(5)
    h.wait_until(lambda: h.manager.engine.status().queue["pending"] == 2, "the routing of the second one")
    cls.release.set()
    h.wait_until(lambda: len(cls.received) == 2, "what is allowed to start, and to receive the second one")
    assert cls.received == [("e1", 1), ("e2", 2)]


def test_lane_that_is_lost_before_a_configuration_stops_leaves_none_of_its_hooks_behind(harness, make, doc):
    """A delivery that hangs is waited for, and costs the lane: what held an exclusive key must give it back."""
    starts, entered = [], threading.Event()

    def config_enabled(self, config):
        Lot(config, starts, 0)

    def deliver(self, event, config):
        entered.set()
        self.release.wait(20)

    cls = make(config_enabled=config_enabled, deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.manager.publish(note(1)).result(5)
    h.wait_until(entered.is_set)
    h.write("a.yaml", doc("a", enabled=False), settle=False)
    h.manager.look()
    h.advance(35)
    cls.release.set()
    h.write("b.yaml", doc("b"))
    h.advance(3)
    assert (h.state("diary/a"), h.state("diary/b")) == (ConfigState.DISABLED, ConfigState.ACTIVE)
