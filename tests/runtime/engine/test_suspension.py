"""A suspension: what runs goes on, and whatever the files ask for waits until it ends."""

import pytest

from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.model.state import ConfigState, StateReason
from reconciler.sdk import Event

STARTED = ["initialize", "enabled a #default"]


def suspend(h, *ids, seconds=None, who="alice", **more):
    asked = OverrideRequest(OverrideKind.SUSPEND, Selector.of(ids, **more), seconds, "a freeze")
    override, count = h.manager.engine.overrides.impose(asked, who)
    h.settle()
    return override, count


def resume(h, *ids, **more):
    ended = h.manager.engine.overrides.lift(Selector.of(ids, **more), "bob", "all is well")
    h.settle()
    return ended


@pytest.fixture
def world(harness, make, doc):
    """One configuration `diary/a` that runs: the harness and the class."""
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a", labels={"tier": "1"}), settle=False)
    h.start()
    return h, cls


def test_change_waits_and_is_made_when_it_is_resumed(world, doc):
    h, cls = world
    suspend(h, "diary/a")
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    status = h.config("diary/a")
    assert cls.diary == STARTED
    assert (status.state, status.stale, status.reason) == (ConfigState.ACTIVE, True, StateReason.SUSPENDED)
    assert status.digest != status.desired_digest
    assert status.message == "suspended by alice: a freeze"
    assert h.manager.engine.status().stale == 0
    resume(h, "diary/a")
    assert cls.diary[2:] == ["enabled a #new", "disabled a #default"]
    assert not h.config("diary/a").stale


def test_suspended_and_as_its_file_asks_is_not_stale(world):
    h, _ = world
    suspend(h, "diary/a")
    status = h.config("diary/a")
    assert (status.state, status.stale, status.reason) == (ConfigState.ACTIVE, False, StateReason.NONE)
    assert [one.who for one in status.overrides] == ["alice"]


@pytest.mark.parametrize("change", ["delete", "disable", "relabel"])
def test_removal_and_disabling_wait(world, doc, change):
    h, cls = world
    suspend(h, labels={"tier": "1"})
    if change == "delete":
        h.delete("a.yaml")
    else:
        h.write("a.yaml", doc("a", enabled=change != "disable", settings={"channel": "#new"}))
    h.advance(60)
    assert cls.diary == STARTED
    assert h.config("diary/a").reason is StateReason.SUSPENDED
    assert h.config("diary/a").enabled
    resume(h)
    assert cls.diary[2:] != []


def test_new_configuration_waits_as_pending(world, doc):
    h, cls = world
    suspend(h, integration="diary")
    h.write("b.yaml", doc("b"))
    status = h.config("diary/b")
    assert (status.state, status.reason) == (ConfigState.PENDING, StateReason.SUSPENDED)
    assert (status.enabled, status.message) == (True, "suspended by alice: a freeze")
    assert cls.diary == STARTED
    resume(h, integration="diary")
    assert cls.diary[2:] == ["enabled b #default"]


def test_new_configuration_gets_no_event_of_the_time_it_waited(world, doc):
    h, cls = world
    suspend(h, integration="diary")
    h.write("b.yaml", doc("b"))
    h.deliver(Event(type="note", source="/test", id="e1"))
    resume(h)
    h.deliver(Event(type="note", source="/test", id="e2"))
    assert sorted(cls.received) == [("a", "e1"), ("a", "e2"), ("b", "e2")]


def test_new_configuration_of_an_integration_that_is_down_does_not_initialize_it(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    suspend(h)
    h.write("a.yaml", doc("a"))
    assert cls.diary == []
    h.delete("a.yaml")
    assert h.state("diary/a") is None


def test_configuration_that_was_disabled_stays_so(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", enabled=False))
    suspend(h, "diary/a")
    h.write("a.yaml", doc("a"))
    h.stop()
    cls.diary.clear()
    h.start()
    assert cls.diary == []
    assert (h.state("diary/a"), h.config("diary/a").stale) == (ConfigState.DISABLED, True)


def test_restart_runs_what_ran(world, doc):
    h, cls = world
    suspend(h, "diary/a")
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    h.stop()
    h.write("a.yaml", doc("a", settings={"channel": "#newer"}), settle=False)
    h.write("b.yaml", doc("b"), settle=False)
    cls.diary.clear()
    h.start()
    assert cls.diary[:1] == STARTED[:1]
    assert sorted(cls.diary[1:]) == [*STARTED[1:], "enabled b #default"]  # one beside the other
    assert h.config("diary/a").reason is StateReason.SUSPENDED
    resume(h)
    assert "enabled a #newer" in cls.diary


def test_what_started_just_before_is_written_when_it_is_suspended(world, doc):
    h, _ = world
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    h.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, Selector()), "alice")
    row = h.manager.engine._store.load_good()["diary/a"]
    assert row.applied == row.accepted


def test_restart_with_the_file_gone_runs_what_ran(world):
    h, cls = world
    suspend(h, "diary/a")
    h.stop()
    h.delete("a.yaml", settle=False)
    cls.diary.clear()
    h.start()
    h.advance(1)
    assert cls.diary == STARTED


def test_file_that_appeared_while_nothing_ran_waits(world, doc):
    h, cls = world
    suspend(h, integration="diary")
    h.stop()
    h.write("b.yaml", doc("b"), settle=False)
    cls.diary.clear()
    h.start()
    assert cls.diary == STARTED
    assert h.config("diary/b").reason is StateReason.SUSPENDED


def test_version_that_does_not_start_is_not_tried_under_a_suspension(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", settings={"port": 13}))
    tried = cls.diary.count("enabled a #default")
    suspend(h, "diary/a")
    h.advance(900)
    status = h.config("diary/a")
    assert cls.diary.count("enabled a #default") == tried
    assert (status.state, status.reason) == (ConfigState.ACTIVE, StateReason.SUSPENDED)


def test_integration_of_a_suspended_configuration_stays_up(world):
    h, cls = world
    suspend(h, "diary/a")
    h.delete("a.yaml")
    h.advance(1)
    assert "shutdown" not in cls.diary
    resume(h, "diary/a")
    assert cls.diary[-1] == "shutdown"


def test_new_value_of_a_secret_waits(harness, make, doc):
    cls = make()
    h = harness(cls)
    (h.secrets / "t").write_text("one")
    h.start()
    h.write("a.yaml", doc("a", settings={"token": {"secret": "file:t"}}))
    suspend(h, "diary/a")
    (h.secrets / "t").write_text("two")
    h.settle()
    assert cls.diary == STARTED
    h.manager.engine.overrides.lift(Selector(), "bob")
    h.wait_until(lambda: len(cls.diary) > len(STARTED), "the new value, without waiting for the next sweep")


def test_removals_under_a_suspension_are_judged_when_it_ends(harness, make, doc):
    cls = make()
    h = harness(cls)
    for name in "abcde":
        h.write(f"{name}.yaml", doc(name), settle=False)
    h.start()
    suspend(h)
    for name in "abcd":
        h.delete(f"{name}.yaml", settle=False)
    h.advance(1)
    assert h.manager.engine.status().held == 0
    resume(h)
    assert h.manager.engine.status().held == 4
    assert not [line for line in cls.diary if line.startswith("disabled")]


def test_approval_frees_nothing_that_is_suspended(harness, make, doc):
    h = harness(make())
    for name in "abcde":
        h.write(f"{name}.yaml", doc(name), settle=False)
    h.start()
    for name in "abcd":
        h.delete(f"{name}.yaml", settle=False)
    h.advance(1)
    shown = h.manager.engine.status().held_digest
    suspend(h, "diary/a")
    assert not h.manager.engine.approve(shown, "alice")
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_start_that_is_under_way_is_what_is_kept(harness, make, doc):
    def config_enabled(self, config):
        self.diary.append(f"enabled {config.name} {config.settings.channel}")
        if config.settings.channel == "#new":
            self.release.wait(20)

    cls = make(config_enabled=config_enabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", settings={"channel": "#new"}), settle=False)
    h.manager.look()
    h.wait_until(lambda: "enabled a #new" in cls.diary)
    h.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, Selector()), "alice")
    cls.release.set()
    h.wait_until(lambda: "disabled a #default" in cls.diary)
    h.wait_until(lambda: h.manager.engine.idle)
    h.manager.engine.retry("diary/a")
    h.settle()
    assert cls.diary[-1] == "disabled a #default"
    assert (h.config("diary/a").stale, h.config("diary/a").digest) == (False, h.config("diary/a").desired_digest)


def test_plan_shows_what_waits(world, doc):
    h, _ = world
    suspend(h)
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    h.write("b.yaml", doc("b"))
    actions = h.manager.engine.plan().actions
    assert [(a.kind.value, a.key, a.suspended) for a in actions] == [
        ("update", "diary/a", True),
        ("start", "diary/b", True),
    ]
    resume(h)
    assert not h.manager.engine.plan()


def test_version_that_never_started_is_tried_again(harness, make, doc):
    def config_enabled(self, config):
        self.diary.append(f"tried {config.name}")
        if not self.release.is_set():
            raise RuntimeError("not yet")

    cls = make(config_enabled=config_enabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    suspend(h)
    cls.release.set()
    h.advance(600)
    h.wait_until(lambda: h.state("diary/a") is ConfigState.ACTIVE)


def test_suspension_that_comes_while_a_start_takes_files_in_finds_what_was_good(world):
    h, _ = world
    suspend(h, integration="diary")
    engine = h.manager.engine

    async def taken_in():  # as at a start, where a record is made of what the state directory holds
        engine._world.forget("diary/a")
        engine._controller._in_force.take_in("diary/a")
        return engine._world.configs["diary/a"]

    record = engine._submit(taken_in()).result(10)
    assert record.applied == record.accepted == record.effective.document
    assert record.effective.wanted
