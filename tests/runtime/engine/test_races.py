"""The files change while the engine is at work: what they say last is what runs, with nothing left over."""

import threading

import pytest

from reconciler.model.state import ConfigState, IntegrationState
from reconciler.sdk import TerminalError


class Gate:
    """Holds one call back: it says that it was entered, and waits until it is let through."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()

    def pass_through(self):
        self.entered.set()
        assert self.opened.wait(20)


def look_until(harness, condition):
    """Look at the files, while something is under way, until a look has seen what they say now."""
    harness.manager.look()
    harness.wait_until(condition)


def let_through(harness, gate):
    """Open the gate and let the engine finish by itself: no further look at the files helps it."""
    looks = harness.manager.engine.looks
    gate.opened.set()
    harness.wait_until(lambda: harness.manager.engine.idle)
    assert harness.manager.engine.looks == looks


def edit_during_the_start(harness, gate, doc):
    """Have the file ask for something else while its configuration starts; returns what it asked for first."""
    harness.start()
    harness.write("a.yaml", doc("a"), settle=False)
    look_until(harness, gate.entered.is_set)
    first = in_force(harness, "diary/a")
    harness.write("a.yaml", doc("a", settings={"channel": "#b"}), settle=False)
    look_until(harness, lambda: in_force(harness, "diary/a") != first)
    return first


def change_the_id(harness, make, doc):
    """Have `old` become `new` in its file: its removal is under way until the gate is opened, and `new` waits for it."""
    gate = Gate()

    def disabled(self, config):
        gate.pass_through()
        self.diary.append(f"disabled {config.name}")

    cls = make(config_disabled=disabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("old"))
    h.write("a.yaml", doc("new"), settle=False)
    look_until(h, lambda: gate.entered.is_set() and h.state("diary/new") is not None)
    return h, cls, gate


def look_twice(harness):
    """Return when two looks more have ended with a plan."""
    for _ in range(2):
        looks = harness.manager.engine.looks
        look_until(harness, lambda looks=looks: harness.manager.engine.looks > looks)


def integration(harness, key="diary"):
    return next(i for i in harness.manager.engine.integrations() if i.id == key)


def in_force(harness, key):
    return harness.manager.engine.config(key).desired_digest


def told_by_passes(harness, key="diary/a"):
    """Return what came of `key` in each pass that did something about it, oldest first."""
    passes = reversed(harness.manager.engine.history(20).result(5))
    return [(a["kind"], a["status"]) for one in passes for a in one.actions if a["key"] == key]


def test_file_that_comes_back_during_its_removal_runs_again(harness, make, doc):
    gate = Gate()

    def disabled(self, config):
        self.diary.append(f"disabled {config.name}")
        gate.pass_through()

    cls = make(config_disabled=disabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml", settle=False)
    look_until(h, gate.entered.is_set)
    h.write("a.yaml", doc("a"), settle=False)
    look_until(h, lambda: h.config("diary/a").enabled)
    let_through(h, gate)
    assert h.state("diary/a") is ConfigState.ACTIVE
    assert cls.diary == ["initialize", "enabled a #default", "disabled a", "enabled a #default"]


@pytest.mark.parametrize("changed", [True, False])
def test_edit_taken_back_during_the_update_is_taken_back(harness, make, doc, changed):
    gate = Gate()

    def apply(self, config):
        self.diary.append(config.settings.channel)
        if config.settings.channel == "#b":
            gate.pass_through()

    methods = {"config_enabled": apply}
    if changed:
        methods["config_changed"] = lambda self, old, new: apply(self, new)
    cls = make(**methods)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "#a"}))
    first = in_force(h, "diary/a")
    h.write("a.yaml", doc("a", settings={"channel": "#b"}), settle=False)
    look_until(h, gate.entered.is_set)
    h.write("a.yaml", doc("a", settings={"channel": "#a"}), settle=False)
    look_until(h, lambda: in_force(h, "diary/a") == first)
    let_through(h, gate)
    assert [c.settings.channel for c in h.manager.get_configs("diary")] == ["#a"]


@pytest.mark.parametrize("settings", [{}, {"channel": "#edited"}])
def test_id_changed_in_place_waits_for_the_removal_whatever_is_looked_at_meanwhile(harness, make, doc, settings):
    h, cls, gate = change_the_id(harness, make, doc)
    before = in_force(h, "diary/new")
    h.write("a.yaml", doc("new", **({"settings": settings} if settings else {})), settle=False)
    look_twice(h)
    h.wait_until(lambda: not settings or in_force(h, "diary/new") != before)
    gate.opened.set()
    h.wait_until(lambda: h.manager.engine.idle)
    assert cls.diary[2:] == ["disabled old", f"enabled new {settings.get('channel', '#default')}"]


@pytest.mark.parametrize("key", ["diary/new", "diary"])
def test_retry_of_what_waits_for_a_removal_does_not_overtake_it(harness, make, doc, key):
    h, cls, gate = change_the_id(harness, make, doc)
    assert h.manager.engine.retry(key)
    look_twice(h)
    gate.opened.set()
    h.wait_until(lambda: h.manager.engine.idle)
    assert cls.diary[2:] == ["disabled old", "enabled new #default"]


def test_update_that_arrives_during_work_stands_in_its_own_pass(harness, make, doc):
    gate = Gate()

    def changed(self, old, new):
        raise TerminalError("no")

    cls = make(config_enabled=lambda self, config: gate.pass_through(), config_changed=changed)
    h = harness(cls)
    edit_during_the_start(h, gate, doc)
    let_through(h, gate)
    told = told_by_passes(h)
    assert told[0] == ("start", "applied")
    assert set(told[1:]) == {("update", "failed")}


def test_edit_taken_back_during_work_ends_its_pass_with_what_the_work_did(harness, make, doc):
    gate = Gate()
    h = harness(make(config_enabled=lambda self, config: gate.pass_through()))
    first = edit_during_the_start(h, gate, doc)
    h.write("a.yaml", doc("a"), settle=False)
    look_until(h, lambda: in_force(h, "diary/a") == first)
    let_through(h, gate)
    told = told_by_passes(h)
    assert len(told) > 2
    assert set(told) == {("start", "applied")}


def test_config_enabled_again_while_it_is_being_stopped_runs(harness, make, doc):
    gate = Gate()
    cls = make(config_disabled=lambda self, config: gate.pass_through())
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("b"))
    h.write("a.yaml", doc("a", enabled=False), settle=False)
    look_until(h, gate.entered.is_set)
    h.write("a.yaml", doc("a"), settle=False)
    look_until(h, lambda: h.config("diary/a").enabled)
    let_through(h, gate)
    assert h.state("diary/a") is ConfigState.ACTIVE
    assert {c.name for c in h.manager.get_configs("diary")} == {"a", "b"}


def test_last_config_disabled_during_initialize_shuts_down_after_it(harness, make, doc):
    gate = Gate()

    def initialize(self):
        self.diary.append("initialize")
        gate.pass_through()

    cls = make(initialize=initialize)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"), settle=False)
    look_until(h, gate.entered.is_set)
    h.write("a.yaml", doc("a", enabled=False), settle=False)
    look_until(h, lambda: not h.config("diary/a").enabled)
    let_through(h, gate)
    assert cls.diary == ["initialize", "shutdown"]
    assert integration(h).state is IntegrationState.REGISTERED


def test_edits_during_initialize_are_one_start_with_the_last(harness, make, doc):
    gate = Gate()
    cls = make(initialize=lambda self: gate.pass_through())
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "#0"}), settle=False)
    look_until(h, gate.entered.is_set)
    for n in range(1, 6):
        before = in_force(h, "diary/a")
        h.write("a.yaml", doc("a", settings={"channel": f"#{n}"}), settle=False)
        look_until(h, lambda before=before: in_force(h, "diary/a") != before)
    let_through(h, gate)
    assert cls.diary == ["enabled a #5"]


def test_a_hundred_edits_a_second_are_coalesced_and_never_overlap(harness, make, doc):
    busy, overlaps, edits, edited = threading.Lock(), [], [], threading.Condition()

    def changed(self, old, new):
        if not busy.acquire(blocking=False):
            overlaps.append(new.settings.channel)
            return
        with edited:
            enough = min(len(edits) + 3, 100)
            assert edited.wait_for(lambda: len(edits) >= enough, 20)
        self.diary.append(new.settings.channel)
        busy.release()

    cls = make(config_changed=changed)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    cls.diary.clear()

    def storm():
        for n in range(100):
            h.write("a.yaml", doc("a", settings={"channel": f"#{n}"}), settle=False)
            h.manager.look()
            with edited:
                edits.append(n)
                edited.notify_all()
            threading.Event().wait(0.01)

    editor = threading.Thread(target=storm)
    editor.start()
    h.wait_until(lambda: not editor.is_alive())
    h.settle()
    assert overlaps == []
    assert cls.diary[-1] == "#99"
    assert len(cls.diary) < 60
