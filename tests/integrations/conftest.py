"""Drives an integration's receiver as the engine does: with a configuration, a context, and real servers on loopback."""

import asyncio
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.model.event import Event
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import HookSet
from reconciler.sdk.http import HttpClient
from reconciler.sdk.integration import Integration
from reconciler.testing.http_server import Answer, RecordingServer

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = 1_700_000_000.0


class StoppedClock:
    def time(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("an integration does not sleep")


class Bench:
    """One integration with a client of its own; `deliver` makes one delivery and ends what it opened."""

    def __init__(self, name: str) -> None:
        module = importlib.import_module(f"reconciler_integrations.{name}.integration")
        self.integration: Integration = getattr(module, f"{name.capitalize()}Integration")()
        self.name = name
        self.client = HttpClient(trust_env=False)
        self.descriptor = Descriptor(name, name)
        self.clock = StoppedClock()
        self.integration.attach(self)
        self.integration.hook_set = HookSet(name, self.descriptor)
        self.integration.initialize()

    @property
    def http(self) -> HttpClient:
        return self.client

    def log_fields(self) -> dict[str, Any]:
        return {}

    def masked(self, text: str) -> str:
        return text

    def config(self, settings: dict[str, Any], **document: Any) -> IntegrationConfig[Any]:
        raw = {"integration": self.name, "name": "test", "settings": {}, **document}
        model = self.integration.Settings
        assert model is not None
        hooks = HookSet(f"{self.name}/test", self.descriptor)
        return IntegrationConfig(ConfigDocument(raw, "d"), model.model_validate(settings), settings, {}, hooks)

    def deliver(self, event: Event, settings: dict[str, Any], **document: Any) -> None:
        (hook,) = self.integration.hook_set.hooks
        config = self.config(settings, **document)

        async def once() -> None:
            try:
                result = hook.receive(event, config)
                if inspect.isawaitable(result):
                    await result
            finally:
                await self.client.aclose()

        asyncio.run(once())


@pytest.fixture
def bench() -> Callable[[str], Bench]:
    return Bench


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as recording:
        yield recording


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def failed_build() -> Event:
    return Event(
        type="build.finished",
        source="ci",
        id="e1",
        subject="web",
        data={"job": "web", "status": "failed", "branch": "main", "url": "https://ci.example.com/1"},
    )
