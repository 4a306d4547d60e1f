"""A small integration that keeps a diary, and a harness that runs it."""

import threading
from functools import partial

import pytest
from pydantic import BaseModel, ConfigDict

from reconciler.sdk import EventHook, Hook, Integration, ResourceHook, Secret
from reconciler.testing import Harness


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    channel: str = "#default"
    token: Secret | None = None
    port: int | None = None


class PortHook(Hook):
    """Holds an exclusive port; starting it on port 13 fails."""

    def __init__(self, owner, port, diary):
        self.port, self.diary = port, diary
        self.exclusive = f"port:{port}"
        super().__init__(owner)

    def start(self, host):
        if self.port == 13:
            raise OSError("port 13 is unlucky")
        self.diary.append(f"open {self.port}")

    def stop(self, reason):
        self.diary.append(f"close {self.port} {reason.value}")


class Remote:
    """A service elsewhere: it outlives every process, and answers as it is told to."""

    def __init__(self):
        self.hooks, self.calls, self.down, self.number = {}, [], False, 0

    def ensure(self, name):
        self.calls.append(f"ensure {name}")
        if self.down:
            raise OSError("unreachable")
        if name not in self.hooks:
            self.number += 1
            self.hooks[name] = self.number
        return {"id": self.hooks[name]}

    def remove(self, handle):
        self.calls.append(f"remove {handle['id']}")
        if self.down:
            raise OSError("unreachable")
        self.hooks = {name: number for name, number in self.hooks.items() if number != handle["id"]}


class Failing(Hook):
    def start(self, host):
        raise OSError("this one never starts")

    def stop(self, reason):
        pass


def make_class(**overrides):
    """Return a fresh integration class with a diary of its own."""

    class Diary(Integration):
        integration_id = "diary"
        name = "Diary"
        events = ("note",)
        diary: list[str] = []
        received: list[tuple[str, str]] = []
        release = threading.Event()

        def initialize(self):
            self.diary.append("initialize")
            EventHook(self, self.deliver)

        def shutdown(self):
            self.diary.append("shutdown")

        def config_enabled(self, config):
            self.diary.append(f"enabled {config.name} {config.settings.channel}")
            if config.settings.port is not None:
                PortHook(config, config.settings.port, self.diary)

        def config_disabled(self, config):
            self.diary.append(f"disabled {config.name} {config.settings.channel}")

        def deliver(self, event, config):
            self.received.append((config.name, event.id))

    Diary.Settings = Settings
    Diary.diary, Diary.received, Diary.release = [], [], threading.Event()
    for name, value in overrides.items():
        setattr(Diary, name, value)
    return Diary


def github_class(remote, *, sync=True, **overrides):
    """Return a class that keeps a webhook at `remote` for each configuration."""

    class GitHub(Integration):
        integration_id = "github"
        diary: list[str] = []

        def config_enabled(self, config):
            self.diary.append(f"enabled {config.name}")
            repo = config.get("repo", "r")

            async def ensure():
                return remote.ensure(repo)

            async def remove(handle):
                remote.remove(handle)

            if sync:
                ResourceHook(config, f"hook:{repo}", lambda: remote.ensure(repo), remote.remove)
            else:
                ResourceHook(config, f"hook:{repo}", ensure, remove)
            if config.get("fails"):
                Failing(config)

        def config_disabled(self, config):
            self.diary.append(f"disabled {config.name}")

    GitHub.diary = []
    for name, value in overrides.items():
        setattr(GitHub, name, value)
    return GitHub


def config(name="a", integration="diary", **more):
    return {"integration": integration, "name": name, **more}


@pytest.fixture
def make():
    """Make an integration class: `make(initialize=...)`."""
    return make_class


@pytest.fixture
def doc():
    """Make a document: `doc("a", settings={...})`."""
    return config


@pytest.fixture
def harness():
    """Run harnesses: `harness(cls, ...)`; all are stopped at the end."""
    running = []

    def start(*classes, **options):
        one = Harness(*classes, **options)
        running.append(one)
        return one

    yield start
    for one in running:
        for cls in one.manager.get_integration_classes():
            if hasattr(cls, "release"):
                cls.release.set()
        one.__exit__(None, None, None)


@pytest.fixture
def remote():
    """A service elsewhere."""
    return Remote()


@pytest.fixture
def github(remote):
    """Make an integration class that keeps webhooks at `remote`: `github(sync=False, initialize=...)`."""
    return partial(github_class, remote)
