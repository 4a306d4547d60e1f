"""Effects outside the process and drift, where several processes share a state directory: the runner's, and its heir's."""

from reconciler.model.effect import EffectStatus
from reconciler.model.state import ConfigState
from reconciler.sdk import ResourceHook, SignalHook


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
