"""What is set aside at the runner is set aside in every worker; what a worker is asked, it passes on to the runner."""

import pytest

from reconciler.model.errors import OverrideRefused, UnknownTarget
from reconciler.model.override import OverrideKind, OverrideRequest, Selector


def suspend(host, **more):
    request = OverrideRequest(OverrideKind.SUSPEND, Selector(ids=("notes/a",)), **more)
    return host.manager.engine.overrides.impose(request, "ann")


def suspended(host):
    return [str(one.selector) for one, _ in host.manager.engine.overrides.listed()]


@pytest.fixture
def two(world):
    world.write("a")
    return world.host(), world.host()


def test_suspension_at_the_runner_freezes_the_worker(world, two):
    runner, worker = two
    suspend(runner)
    world.until(lambda: suspended(worker) == ["notes/a"])
    world.write("a", settings={"x": 1})
    worker.look()
    assert worker.diary == ["start everywhere", "enabled a"]
    runner.manager.engine.overrides.lift(Selector(ids=("notes/a",)), "ann")
    world.until(lambda: worker.diary[2:] == ["enabled a", "disabled a"])


def test_suspension_that_runs_out_ends_in_the_worker_too(world, two):
    runner, worker = two
    suspend(runner, seconds=5.0)
    world.until(lambda: suspended(worker) == ["notes/a"])
    world.until(lambda: suspended(runner) == suspended(worker) == [])


def test_worker_that_starts_later_is_frozen_as_well(world, two):
    suspend(two[0])
    assert suspended(world.host()) == ["notes/a"]


def test_suspension_outlives_its_runner(world, two):
    runner, worker = two
    suspend(runner, seconds=100.0)
    world.end(runner)
    world.until(lambda: "start task of a" in worker.diary)
    assert suspended(worker) == ["notes/a"]
    worker.manager.engine.overrides.lift(Selector(ids=("notes/a",)), "ann")
    assert suspended(worker) == []


def test_worker_passes_on_what_is_to_be_set_aside_and_what_is_to_be_resumed(world, two):
    runner, worker = two
    override, concerned = world.meanwhile(lambda: suspend(worker, reason="a freeze", seconds=600.0))
    assert (str(override.selector), override.who, override.reason, concerned) == ("notes/a", "ann", "a freeze", 1)
    assert suspended(runner) == suspended(worker) == ["notes/a"]
    ended = world.meanwhile(lambda: worker.manager.overrides.resume("notes/a", who="bob"))
    assert [str(one.selector) for one in ended] == ["notes/a"]
    assert suspended(runner) == suspended(worker) == []
    done = runner.manager.engine.overrides.history(10).result(5)
    assert [(one.kind, one.who) for one in done] == [("resume", "bob"), ("suspend", "ann")]


def test_what_the_runner_refuses_is_refused_by_the_worker_in_its_words(world, two):
    with pytest.raises(UnknownTarget, match="notes/z"):
        world.meanwhile(lambda: two[1].manager.overrides.pause("notes/z"))
    with pytest.raises(UnknownTarget, match="nothing is suspended or paused"):
        world.meanwhile(lambda: two[1].manager.overrides.resume(everything=True))


def test_worker_without_a_runner_says_so_and_leaves_nothing_to_be_done_later(world):
    world.write("a")
    worker = world.host(role="worker")
    with pytest.raises(OverrideRefused, match=r"this process is a worker, and no runner lives .* `reconcile --watch`"):
        world.meanwhile(lambda: suspend(worker), step=0.1)
    assert suspended(world.host()) == []


def test_what_waits_while_the_runner_ends_is_done_by_its_heir(world, two):
    runner, worker = two
    world.end(runner)
    override, _ = world.meanwhile(lambda: suspend(worker))
    assert worker.manager.role == "runner"
    assert (suspended(worker), override.who) == (["notes/a"], "ann")
