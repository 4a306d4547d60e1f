"""A worker lets a removal go when the runner has carried it out, and not before."""

import pytest

from reconciler.model.state import ConfigState
from reconciler.sdk import ResourceHook, Where


@pytest.fixture
def two(world):
    """A runner and a worker over six configurations, five of whose files are gone."""
    for name in "abcdef":
        world.write(name)
    runner, worker = world.host(), world.host()
    for name in "abcde":
        (world.configs / f"{name}.yaml").unlink()
    return runner, worker


def running(host):
    return [config.name for config in host.manager.get_configs("notes")]


def state(host):
    status = host.manager.status("notes/a")
    return status.state if status is not None else None


def held(host):
    return host.manager.engine.status().held


def test_worker_holds_what_the_runner_holds(world, two):
    runner, worker = two
    worker.look()
    runner.look()
    world.until(lambda: held(runner) == 5)
    world.clock.advance(5.0)
    worker.look()
    assert (running(worker), held(worker)) == (list("abcdef"), 5)


def test_approval_at_the_runner_reaches_the_worker(world, two):
    runner, worker = two
    for host in two:
        host.look()
    world.until(lambda: held(runner) == held(worker) == 5)
    assert runner.manager.engine.approve(runner.manager.engine.status().held_digest, "ann")
    world.until(lambda: running(runner) == running(worker) == ["f"])
    assert held(worker) == 0


def test_approval_at_the_worker_is_passed_on_to_the_runner(world, two):
    runner, worker = two
    for host in two:
        host.look()
    world.until(lambda: held(runner) == held(worker) == 5)
    digest = worker.manager.engine.status().held_digest
    assert world.meanwhile(lambda: worker.manager.engine.approve(digest, "ann"))
    world.until(lambda: running(runner) == running(worker) == ["f"])
    (done,) = runner.manager.engine.overrides.history(10).result(5)
    assert (done.kind, done.who) == ("approve", "ann")


def test_worker_approves_nothing_that_the_runner_does_not_hold(world, two):
    runner, worker = two
    worker.look()
    runner.look()
    world.until(lambda: held(worker) == held(runner) == 5)
    assert not world.meanwhile(lambda: worker.manager.engine.approve("0" * 12, "ann"))
    assert running(worker) == running(runner) == list("abcdef")


def test_worker_that_starts_later_holds_as_well(world, two):
    runner, _ = two
    runner.look()
    world.until(lambda: held(runner) == 5)
    late = world.host()
    world.clock.advance(5.0)
    late.look()
    assert (running(late), held(late)) == (list("abcdef"), 5)


def test_worker_without_a_runner_removes_nothing(world):
    world.write("a")
    runner, worker = world.host(), world.host(role="worker")
    world.end(runner)
    (world.configs / "a.yaml").unlink()
    worker.look()
    world.clock.advance(5.0)
    worker.look()
    assert running(worker) == ["a"]


def test_new_runner_judges_what_it_held_as_a_worker(world, two):
    runner, worker = two
    worker.look()
    runner.look()
    world.until(lambda: held(runner) == held(worker) == 5)
    world.end(runner)
    world.until(lambda: worker.manager.role == "runner" and "start task of f" in worker.diary)
    world.until(lambda: held(worker) == 5)
    assert running(worker) == list("abcdef")
    assert worker.manager.engine.approve(worker.manager.engine.status().held_digest, "ann")
    world.until(lambda: running(worker) == ["f"])


def test_removal_of_what_the_runner_never_kept_is_judged_by_the_workers_own_guard(world):
    worker = world.host(role="worker")
    for name in "abcdef":
        world.write(name)
    worker.look()
    (world.configs / "a.yaml").unlink()
    worker.look()
    world.until(lambda: running(worker) == list("bcdef"))
    for name in "bcdef":
        (world.configs / f"{name}.yaml").unlink()
    worker.look()
    world.until(lambda: held(worker) == 5)
    world.clock.advance(5.0)
    worker.look()
    assert running(worker) == list("bcdef")


@pytest.mark.parametrize("dies", [False, True])
def test_worker_lets_go_of_what_the_runner_has_stopped_and_cannot_clean_up(world, notes, runner_hook, dies):
    down = [True]

    def remove(handle):
        if down:
            raise OSError("unreachable")

    class Listening(runner_hook):
        where = Where.EVERYWHERE

    def enabled(self, config):
        Listening(config, self.diary, config.name)
        ResourceHook(config, "webhook", lambda: None, remove)

    world.write("a")
    runner, worker = (world.host(notes(config_enabled=enabled)) for _ in range(2))
    (world.configs / "a.yaml").unlink()
    for host in (runner, worker):
        host.look()
    world.until(lambda: "stop a removed" in worker.diary)
    assert state(runner) is ConfigState.REMOVING
    if dies:
        world.end(runner)
        world.until(lambda: state(worker) is ConfigState.REMOVING)
    down.clear()
    world.until(lambda: state(worker if dies else runner) is None)
    assert worker.diary.count("start a") == 1
