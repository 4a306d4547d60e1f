"""Effects outside the process and drift, where several processes share a state directory: the runner's, and its heir's."""

import pytest

from reconciler.model.effect import EffectStatus
from reconciler.model.state import ConfigState
from reconciler.sdk import ResourceHook, SignalHook, TerminalError, TransientError


class Remote:
    """A service elsewhere, for all hosts."""

    def __init__(self):
        self.calls, self.hooks = [], set()

    def ensure(self, who, name):
        self.calls.append(f"{who} ensures {name}")
        self.hooks.add(name)
        return name

    def remove(self, who, name):
        self.calls.append(f"{who} removes {name}")
        self.hooks.discard(name)


def hosts(world, notes, remote, *names):
    """Start hosts, the runner first, each with a class of its own that keeps one effect for each configuration."""

    def make(who):
        def enabled(self, config):
            ensure = lambda: remote.ensure(who, config.name)  # noqa: E731
            ResourceHook(config, config.name, ensure, lambda handle: remote.remove(who, handle))

        return world.host(notes(config_enabled=enabled))

    return [make(name) for name in names]


def test_only_the_runner_ensures(world, notes):
    world.write("a")
    remote = Remote()
    runner, worker = hosts(world, notes, remote, "runner", "worker")
    assert remote.calls == ["runner ensures a"]
    assert [e.status for e in runner.manager.status("notes/a").effects] == [EffectStatus.HELD]
    assert worker.manager.status("notes/a").effects == ()


def test_heir_ensures_again_and_removes_nothing(world, notes):
    world.write("a")
    remote = Remote()
    runner, worker = hosts(world, notes, remote, "runner", "worker")
    world.end(runner)
    world.until(lambda: "worker ensures a" in remote.calls)
    assert remote.calls == ["runner ensures a", "worker ensures a"]
    world.until(lambda: len(worker.manager.status("notes/a").effects) == 1)


def test_heir_removes_what_the_runner_has_left(world, notes):
    world.write("a")
    remote = Remote()
    runner, _ = hosts(world, notes, remote, "runner", "worker")
    (world.configs / "a.yaml").unlink()
    world.end(runner)
    world.until(lambda: remote.hooks == set())
    assert remote.calls[-1] == "worker removes a"


def test_dormant_hooks_are_no_drift(world, notes):
    from blinker import Signal

    signal, heard = Signal(), []

    def enabled(self, config):
        self.diary.append(f"enabled {config.name}")
        SignalHook(config, signal, lambda sender: heard.append(sender))

    world.write("a")
    world.host(notes(config_enabled=enabled))
    worker = world.host(notes(config_enabled=enabled))
    for _ in range(3):
        world.clock.advance(31)
        worker.look()
    assert worker.diary == ["start everywhere", "enabled a"]
    assert worker.manager.status("notes/a").state is ConfigState.ACTIVE


@pytest.mark.parametrize(
    ("failure", "asked"),
    [(TransientError("unreachable", retry_after=5.0), False), (TerminalError("no rights"), True)],
    ids=["after a while", "when somebody asks"],
)
def test_effect_that_fails_at_the_take_over_is_tried_again(world, notes, failure, asked):
    failures, ensured = [failure], []

    def ensure():
        if failures:
            raise failures.pop()
        ensured.append("heir")

    def enabled(self, config):
        ResourceHook(config, "hook", ensure if self.is_heir else lambda: None, lambda handle: None)

    world.write("a")
    runner, heir = (world.host(notes(config_enabled=enabled, is_heir=is_heir)) for is_heir in (False, True))
    world.end(runner)
    world.until(lambda: failures == [])
    if asked:
        world.until(lambda: "no rights" in str(heir.manager.status("notes/a").conditions))
        heir.manager.engine.retry("notes/a")
    end = world.clock.monotonic() + 60.0
    world.until(lambda: ensured or world.clock.monotonic() > end)
    assert ensured == ["heir"]


def test_effect_is_forgotten_by_the_runner_when_a_worker_is_asked(world, notes):
    world.write("a")
    runner, worker = hosts(world, notes, Remote(), "runner", "worker")
    assert world.meanwhile(lambda: worker.manager.engine.outside.forget("notes/a", None, "ann")) == 1
    assert runner.manager.status("notes/a").effects == ()
