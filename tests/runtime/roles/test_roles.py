"""Runner and workers over one state directory: what runs where, and who takes over."""

import pytest

from reconciler.model.errors import ReconcileError, StateLocked
from reconciler.model.event import Event
from reconciler.model.state import Role
from reconciler.sdk import TransientError


def event(name):
    return Event(type="note", source="/tests", id=name)


def test_first_is_the_runner_and_the_second_a_worker(world):
    first, second = world.host(), world.host()
    assert (first.manager.role, second.manager.role) == (Role.RUNNER, Role.WORKER)


def test_worker_starts_only_the_hooks_that_live_everywhere(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    assert runner.diary == ["start everywhere", "enabled a", "start task of a"]
    assert worker.diary == ["start everywhere", "enabled a"]


def test_status_tells_which_hooks_are_dormant(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    assert runner.manager.status("notes/a").hooks == ("RunnerHook",)
    assert worker.manager.status("notes/a").hooks == ("RunnerHook (dormant)",)
    assert [s.hooks for s in worker.manager.engine.integrations()] == [("EverywhereHook", "EventHook (dormant)")]


def test_dormant_hook_is_never_stopped(world):
    world.write("a")
    world.host()
    worker = world.host()
    (world.configs / "a.yaml").unlink()
    for host in world.hosts:
        host.look()
    world.until(lambda: worker.diary[-1] == "disabled a" or "stop everywhere removed" in worker.diary)
    assert "stop task of a removed" not in worker.diary


def test_what_a_worker_publishes_is_delivered_by_the_runner_once(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    worker.manager.publish(event("1")).result(5)
    world.until(lambda: runner.manager.engine.delivered)
    assert (runner.received, worker.received) == ([("a", "1")], [])


def test_worker_takes_over_and_starts_what_was_dormant(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    world.end(runner)
    world.until(lambda: "start task of a" in worker.diary)
    assert worker.manager.role is Role.RUNNER
    assert worker.diary == ["start everywhere", "enabled a", "start task of a"]


def test_events_queued_while_no_runner_lives_are_delivered_after_the_take_over(world):
    world.write("a")
    worker = world.host(role="worker")
    assert worker.manager.publish(event("1")).result(5)[0].duplicate is False
    runner = world.host()
    world.until(lambda: runner.received == [("a", "1")])
    assert worker.manager.role is Role.WORKER


def test_worker_that_took_over_writes_what_it_knows(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    world.end(runner)
    world.write("b")
    worker.look()
    world.until(lambda: worker.manager.role is Role.RUNNER and "start task of b" in worker.diary)
    store = worker.manager.engine._store
    world.until(
        lambda: {k for k, row in store.load_good().items() if row.applied is not None} == {"notes/a", "notes/b"}
    )
    assert "take-over" in {record.trigger.partition("+")[0] for record in store.history(10).result(5)}


def test_worker_writes_no_state(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    world.until(lambda: runner.manager.engine.history(1).result(5))
    runner.look()  # and again at what it read when it was just written
    before = runner.manager.engine.history(100).result(5)
    world.write("b")
    worker.look(step=0.001)  # however long that takes, the runner has no sweep meanwhile
    assert "enabled b" in worker.diary
    assert set(runner.manager.engine._store.load_good()) == {"notes/a"}
    assert runner.manager.engine.history(100).result(5) == before


def test_hook_that_fails_at_the_take_over_is_tried_again_and_shown(world, notes, runner_hook):
    failures = [TransientError("not yet", retry_after=5.0)] * 2

    class Moody(runner_hook):
        def start(self, host):
            if failures:
                raise failures.pop()
            super().start(host)

    def config_enabled(self, config):
        Moody(config, self.diary, config.name)

    world.write("a")
    runner, worker = world.host(), world.host(notes(config_enabled=config_enabled))
    world.end(runner)
    world.until(lambda: len(failures) == 1)
    worker.manager.publish(event("1")).result(5)
    told = "did not start when this process became the runner: not yet"
    world.until(lambda: any(told in c.message for c in worker.manager.status("notes/a").conditions), step=0.001)
    assert worker.received == []
    world.until(lambda: worker.received == [("a", "1")])
    assert worker.diary[-1] == "start a"


def test_change_after_the_take_over_replaces_the_hooks_that_woke(world):
    world.write("a")
    runner, worker = world.host(), world.host()
    world.end(runner)
    world.until(lambda: "start task of a" in worker.diary)
    world.write("a", settings={"x": 1})
    worker.look()
    assert worker.diary[-4:] == ["enabled a", "start task of a", "stop task of a replaced", "disabled a"]


def test_forced_runner_refuses_beside_another(world):
    runner = world.host()
    with pytest.raises(StateLocked, match="another runner"):
        world.host(role="runner")
    assert runner.manager.role is Role.RUNNER


def test_unknown_role_is_refused(world):
    with pytest.raises(ReconcileError, match="a role is auto, runner, worker, not 'boss'"):
        world.host(role="boss")


def test_status_of_a_worker_says_who_is_the_runner(world):
    import os

    runner, worker = world.host(), world.host()
    assert (runner.manager.engine.status().role, worker.manager.engine.status().role) == ("runner", "worker")
    assert worker.manager.engine.status().runner == os.getpid()


def test_status_without_a_runner_names_none(world):
    worker = world.host(role="worker")
    assert worker.manager.engine.status().runner is None
