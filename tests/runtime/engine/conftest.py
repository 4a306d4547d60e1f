"""A small integration that keeps a diary, and a harness that runs it."""

import threading

import pytest
from pydantic import BaseModel, ConfigDict

from reconciler.sdk import EventHook, Hook, Integration, Secret
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
