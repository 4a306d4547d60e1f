"""Where people set things aside: times, refusals, who did what, and what is kept of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.model.errors import OverrideRefused, StateError, UnknownTarget
from reconciler.model.override import InterventionKind, OverrideKind, OverrideRequest, Selector

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


def interventions(h):
    return [(i.kind.value, i.target, i.who) for i in h.manager.engine.overrides.history(100).result(5)]


@pytest.fixture
def world(harness, make, doc):
    """One configuration `diary/a` that runs: the harness and the class."""
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a", labels={"tier": "1"}), settle=False)
    h.start()
    return h, cls


def test_suspension_ends_at_its_time(world, doc):
    h, cls = world
    suspend(h, "diary/a", seconds=3600)
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    h.advance(3500)
    assert cls.diary == STARTED
    h.advance(200)
    h.wait_until(lambda: "enabled a #new" in cls.diary)
    assert interventions(h)[0] == ("ran-out", "diary/a", "")


def test_suspension_that_ran_out_while_nothing_ran_is_over(world, doc):
    h, cls = world
    suspend(h, "diary/a", seconds=3600)
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    h.stop()
    h.clock.advance(4000)
    cls.diary.clear()
    h.start()
    assert cls.diary == ["initialize", "enabled a #new"]
    assert h.manager.engine.overrides.listed() == ()
    (last, _) = h.manager.engine.overrides.history(2).result(5)
    assert (last.kind, h.clock.time() - last.at > 300) == (InterventionKind.RAN_OUT, True)


@pytest.mark.parametrize(("given", "kept"), [("", "a freeze"), ("incident 7", "incident 7")])
def test_suspending_again_keeps_the_reason_unless_there_is_a_new_one(world, given, kept):
    h, _ = world
    suspend(h, "diary/a", who="alice")
    again = OverrideRequest(OverrideKind.SUSPEND, Selector.of(["diary/a"]), 3600, given)
    override, _ = h.manager.engine.overrides.impose(again, "bob")
    (last, *_) = h.manager.engine.overrides.history(1).result(5)
    assert (override.reason, override.who, last.reason) == (kept, "bob", kept)


@pytest.mark.parametrize("step", [-86400, 86400])
def test_clock_that_is_set_changes_nothing(world, step):
    h, _ = world
    suspend(h, "diary/a", seconds=3600)
    h.clock.step(step)
    h.advance(3500)
    assert len(h.manager.engine.overrides.listed()) == 1
    h.advance(200)
    h.wait_until(lambda: h.manager.engine.overrides.listed() == ())
    assert [kind for kind, *_ in interventions(h)] == ["ran-out", "suspend"]


def test_clock_set_back_while_nothing_ran_does_not_prolong(world):
    h, _ = world
    suspend(h, "diary/a", seconds=3600)
    h.stop()
    h.clock.step(-86400)
    h.start()
    h.advance(3700)
    h.wait_until(lambda: h.manager.engine.overrides.listed() == ())


def test_same_selector_again_replaces_what_it_gave(world):
    h, _ = world
    suspend(h, "diary/a", seconds=60)
    suspend(h, "diary/a", seconds=7200, who="bob")
    h.advance(100)
    ((override, count),) = h.manager.engine.overrides.listed()
    assert (override.who, count) == ("bob", 1)


def test_who_did_what_is_kept_newest_first(world):
    h, _ = world
    suspend(h, labels={"tier": "1"})
    h.manager.engine.retry("diary/a", "carol")
    resume(h)
    h.stop()
    h.start()
    assert interventions(h) == [
        ("resume", "--all", "bob"),
        ("retry", "diary/a", "carol"),
        ("suspend", "-l tier=1", "alice"),
    ]


def test_ids_are_resumed_one_by_one(world, doc):
    h, _ = world
    h.write("b.yaml", doc("b"))
    suspend(h, "diary/a", "diary/b")
    resume(h, "diary/a")
    assert [str(one.selector) for one, _ in h.manager.engine.overrides.listed()] == ["diary/b"]
    assert h.config("diary/a").overrides == ()


def test_resuming_one_of_a_list_tells_of_that_one_alone(world, doc):
    h, _ = world
    h.write("b.yaml", doc("b"))
    suspend(h, "diary/a", "diary/b")
    (ended,) = h.manager.engine.overrides.lift(Selector.of(["diary/a"]), "bob")
    assert str(ended.selector) == "diary/a"


def test_resuming_all_where_nothing_is_set_aside_is_refused(world):
    h, _ = world
    with pytest.raises(UnknownTarget, match=r"^nothing is suspended or paused$"):
        h.manager.engine.overrides.lift(Selector(), "bob")


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        (Selector.of(["diary/aa"]), "no configuration is known as 'diary/aa': did you mean `diary/a`?"),
        (Selector.of(integration="dairy"), "no integration is registered as 'dairy': did you mean `diary`?"),
    ],
)
def test_unknown_target_is_refused_with_the_nearest(world, selector, message):
    h, _ = world
    with pytest.raises(UnknownTarget) as caught:
        h.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, selector), "alice")
    assert str(caught.value) == message


def test_what_is_suspended_by_its_label_cannot_be_resumed_by_its_id(world):
    h, _ = world
    suspend(h, labels={"tier": "1"})
    with pytest.raises(UnknownTarget, match="`reconcile resume -l tier=1` ends it"):
        resume(h, "diary/a")


def test_clock_that_is_set_does_not_prolong_what_is_left_of_a_list(world, doc):
    h, _ = world
    h.write("b.yaml", doc("b"))
    suspend(h, "diary/a", "diary/b", seconds=3600)
    h.advance(3000)
    h.clock.step(-86400)
    resume(h, "diary/a")
    h.advance(700)
    h.wait_until(lambda: h.manager.engine.overrides.listed() == ())


def test_part_of_what_was_not_listed_cannot_be_resumed(world):
    h, _ = world
    suspend(h, integration="diary")
    with pytest.raises(UnknownTarget, match="`reconcile resume --integration diary` ends it"):
        resume(h, "diary/a")
    with pytest.raises(UnknownTarget, match="neither suspended nor paused: what is: --integration diary"):
        resume(h, labels={"x": "y"})


def test_too_many_overrides_are_refused(world):
    h, _ = world
    impose = h.manager.engine.overrides.impose
    for n in range(100):
        impose(OverrideRequest(OverrideKind.PAUSE, Selector.of(labels={"n": str(n)})), "alice")
    with pytest.raises(OverrideRefused, match="100 overrides"):
        impose(OverrideRequest(OverrideKind.PAUSE, Selector.of(labels={"n": "more"})), "alice")


def test_what_cannot_be_written_is_not_in_force(world):
    h, _ = world
    trigger = "CREATE TRIGGER full BEFORE INSERT ON override BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    h.manager.engine._store.submit(lambda db: db.execute(trigger)).result(5)
    with pytest.raises(StateError, match="the disk is full"):
        suspend(h, "diary/a")
    assert h.config("diary/a").overrides == ()


def test_damaged_row_is_said_and_the_others_hold(world, caplog):
    h, _ = world
    suspend(h, "diary/a")
    suspend(h, integration="diary")
    h.manager.engine._store.submit(lambda db: db.execute("UPDATE override SET selector = '[' WHERE id = 1")).result(5)
    h.stop()
    h.start()
    assert [str(one.selector) for one, _ in h.manager.engine.overrides.listed()] == ["--integration diary"]
    assert "the override 1 in state.db cannot be read" in caplog.text


def test_gauges_count_what_is_set_aside(world):
    h, _ = world
    suspend(h, "diary/a")
    registry = h.manager.engine.metrics
    assert registry.get_sample_value("reconcile_configs_suspended") == 1
    assert registry.get_sample_value("reconcile_configs_paused") == 0


def test_look_that_gave_nothing_to_do_leaves_no_pass(world):
    h, _ = world
    h.wait_until(lambda: h.manager.engine.idle)
    before = h.manager.engine.status().passes
    h.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, Selector()), "alice")
    h.wait_until(lambda: h.manager.engine.idle)
    assert h.manager.engine.status().passes == before


def test_many_at_a_time_are_one_after_the_other(world):
    h, _ = world
    asked = [OverrideRequest(OverrideKind.PAUSE, Selector.of(labels={"n": str(n % 4)})) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: h.manager.engine.overrides.impose(one, "alice"), asked))
    numbers = [override.number for override, _ in h.manager.engine.overrides.listed()]
    assert len(numbers) == len(set(numbers)) == 4
    assert len(interventions(h)) == 16
