"""What is set aside at the runner is set aside in every worker; a worker sets nothing aside by itself."""

import pytest

from reconciler.model.errors import OverrideRefused
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


def test_worker_refuses_to_set_aside(two):
    with pytest.raises(OverrideRefused, match="this process is a worker"):
        suspend(two[1])
