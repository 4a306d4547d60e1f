"""Several managers over one directory and one state directory, as several processes would have them, on virtual time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler import IntegrationManager
from reconciler.config.yaml.writer import write_yaml
from reconciler.sdk import EventHook, Hook, Integration, Where
from reconciler.testing import VirtualClock


class RunnerHook(Hook):
    """A hook of the runner alone that notes its life."""

    where = Where.RUNNER

    def __init__(self, owner, diary, name):
        self.diary, self.name = diary, name
        super().__init__(owner)

    def start(self, host):
        self.diary.append(f"start {self.name}")

    def stop(self, reason):
        self.diary.append(f"stop {self.name} {reason.value}")


class EverywhereHook(RunnerHook):
    where = Where.EVERYWHERE


def diarist(**overrides):
    """Return a class of integration with a diary of its own."""

    class Notes(Integration):
        integration_id = "notes"
        events = ("note",)

        def initialize(self):
            EverywhereHook(self, self.diary, "everywhere")
            EventHook(self, self.deliver)

        def config_enabled(self, config):
            self.diary.append(f"enabled {config.name}")
            RunnerHook(config, self.diary, f"task of {config.name}")

        def config_disabled(self, config):
            self.diary.append(f"disabled {config.name}")

        def deliver(self, event, config):
            self.received.append((config.name, event.id))

    Notes.diary, Notes.received = [], []
    for name, value in overrides.items():
        setattr(Notes, name, value)
    return Notes


class Host:
    """What stands for one process: a manager and its class."""

    def __init__(self, world, cls, **options):
        self.cls, self.world = cls, world
        self.manager = IntegrationManager(
            world.configs, state_dir=world.state, integrations=(), watch=False, clock=world.clock, **options
        )
        self.manager.register_integration_class(cls)
        self.manager.start(wait=False)
        world.until(lambda: self.manager.engine.opened)

    @property
    def diary(self):
        return self.cls.diary

    @property
    def received(self):
        return self.cls.received

    def look(self, step=0.02):
        engine = self.manager.engine
        before = engine.looks
        self.manager.look()
        self.world.until(lambda: engine.looks > before and engine.idle, step=step)


class World:
    """The directories, the clock, and the hosts that are there."""

    def __init__(self, folder):
        self.configs, self.state, self.clock = folder / "configs", folder / "state", VirtualClock()
        self.configs.mkdir()
        self.hosts = []

    def host(self, cls=None, **options):
        self.hosts.append(Host(self, cls or diarist(), **options))
        return self.hosts[-1]

    def write(self, name, **more):
        document = {"integration": "notes", "name": name, **more}
        fresh = self.configs / f".{name}.new"
        fresh.write_text(write_yaml(document), encoding="utf-8")
        fresh.replace(self.configs / f"{name}.yaml")

    def until(self, condition, seconds=30.0, step=0.02):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            self.clock.let_wake(0.1)
            threading.Event().wait(0.002)
            self.clock.advance(step)

    def meanwhile(self, ask, step=0.002):
        """Return what `ask` returns, or raise what it raises, while time passes."""
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask)
            self.until(asked.done, step=step)
        return asked.result()

    def end(self, host, grace=5.0):
        """End one host, its lock with it."""
        ended = threading.Event()
        threading.Thread(target=lambda: (host.manager.stop(grace), ended.set()), daemon=True).start()
        self.until(ended.is_set)


@pytest.fixture
def world(tmp_path):
    one = World(tmp_path)
    yield one
    for host in one.hosts:
        one.end(host)


@pytest.fixture
def notes():
    """Make a class of integration: `notes(deliver=…)`."""
    return diarist


@pytest.fixture
def runner_hook():
    return RunnerHook
