"""What an application embeds: an engine of its own, with the names of Djblets where the idea is the same.

One implementation for synchronous and asyncio hosts: the engine has its own thread, `start` and `stop` wait on a
future, `astart` and `astop` await the same one.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from reconciler.compose.build import build_engine
from reconciler.compose.catalogue import build_catalogue
from reconciler.compose.host_options import host_options
from reconciler.compose.host_overrides import HostOverrides
from reconciler.compose.options import EngineOptions
from reconciler.compose.story_log import StoryLog
from reconciler.model.errors import NotRunning, UnknownIntegration
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Receipt
from reconciler.model.state import ConfigStatus, Role
from reconciler.runtime.engine import Engine
from reconciler.runtime.listener import Listener
from reconciler.runtime.telling.secret_filter import SecretFilter
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.describe import describe_class
from reconciler.sdk.integration import Integration

_POLL = 0.01
I = TypeVar("I", bound=Integration)  # noqa: E741 — the one type variable here


class IntegrationManager:
    """Keeps the integrations of a host equal to a directory of configurations.

    `directory` holds the YAML files, `state_dir` is the engine's own (one per directory). `integrations` narrows
    which installed ones may be loaded; classes of the host are added with `register_integration_class`. Other options
    are those of `EngineOptions` that concern no daemon; TypeError for any other. Usable as a context manager,
    synchronous or asynchronous.

    Several processes may share both directories: one is the runner, the others are workers beside it, and take its
    place when it is gone; `role` forces `runner` or `worker`. `defer` is called for whatever is published, and calls
    it back at the commit of the transaction that is open in this thread: `django.db.transaction.on_commit`.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        state_dir: str | Path = ".reconcile",
        integrations: Sequence[str] | None = None,
        role: Literal["auto", "runner", "worker"] = "auto",
        defer: Callable[[Callable[[], None]], object] | None = None,
        watch: bool = True,
        clock: Clock | None = None,
        listener: Listener | None = None,
        **options: Any,
    ) -> None:
        allowed = tuple(integrations) if integrations is not None else None
        self._options = EngineOptions(
            Path(directory),
            Path(state_dir),
            integrations=allowed,
            role=role,
            defer=defer,
            **host_options(options),
        )
        self._catalogue = build_catalogue(allowed)
        self._clock = clock
        self._listener = listener
        self._watch = watch
        self._engine: Engine | None = None
        self._story = StoryLog(self._options.revealed.masked)
        self._host_loop: asyncio.AbstractEventLoop | None = None

    @property
    def engine(self) -> Engine:
        """The engine, while it runs; raises NotRunning before `start`, after `stop`, and in a forked child."""
        if self._engine is None:
            raise NotRunning("the manager is not started: call start(), or use it in a `with` block")
        self._engine.check_process()
        return self._engine

    @property
    def role(self) -> Role:
        """Whether this process is the runner of its state directory now, or a worker beside it."""
        return self.engine.role

    @property
    def secret_filter(self) -> SecretFilter:
        """For handlers of the host's own log: takes out of every record what code has revealed of secrets."""
        return SecretFilter(self._options.revealed.masked)

    # --- registration -------------------------------------------------------------------------------------------

    def register_integration_class(self, integration_class: type[Integration]) -> None:
        """Make a class of the host's known; configurations that name it are looked at again.

        Raises RegistrationError when its id is taken or its metadata makes no sense.
        """
        self._catalogue.register(describe_class(integration_class), integration_class)
        self._look_again(integration_class.integration_id, "register")

    def unregister_integration_class(self, integration_class: type[Integration]) -> None:
        """Take a class back: what runs of it is shut down, and its configurations name an unknown integration.

        Raises UnknownIntegration when it is not registered.
        """
        integration_id = integration_class.integration_id
        if integration_id not in self._catalogue.ids():
            raise UnknownIntegration(f"no integration {integration_id!r} is registered")
        if self._engine is not None:
            self._engine.withdraw(integration_id)
        self._catalogue.unregister(integration_id)
        self._look_again(integration_id, "unregister")

    def _look_again(self, integration_id: str, trigger: str) -> None:
        if self._engine is not None:
            self._engine.reconsider(integration_id, trigger)

    def get_integration_classes(self) -> list[type[Integration]]:
        """Return the classes that are loaded: those the host registered, and those a configuration has enabled."""
        return self._catalogue.loaded()

    def get_integration(self, integration: "str | type[I]") -> Integration:
        """Return the object of an integration that is initialized, by id or class.

        Raises UnknownIntegration when none is registered under this id, or none of its configurations is enabled.
        """
        key = integration if isinstance(integration, str) else integration.integration_id
        instance = self.engine.instance(key)
        if instance is None:
            self._catalogue.descriptor(key)
            raise UnknownIntegration(f"the integration {key!r} is not initialized: no configuration of it is enabled")
        return instance

    def get_integrations(self) -> list[Integration]:
        """Return the objects of all integrations that are initialized, by id."""
        return [instance for key in self._catalogue.ids() if (instance := self.engine.instance(key)) is not None]

    def get_configs(
        self, integration: "str | type[Integration] | None" = None, *, scope: Mapping[str, str] | None = None
    ) -> list[IntegrationConfig[Any]]:
        """Return the configurations that run now, of one integration or all, that `scope` satisfies.

        A configuration whose scope names keys is returned only if `scope` carries every one with a listed value.
        """
        key = integration if isinstance(integration, str) or integration is None else integration.integration_id
        keys = self._catalogue.ids() if key is None else [key]
        found = [config for k in keys for config in self.engine.configs_of(k)]
        return [config for config in found if scope is None or config.matches(scope)]

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self, *, wait: bool = True, timeout: float = 60.0) -> None:
        """Start the engine, in its own thread, and wait for its first pass (at most `timeout` seconds).

        Call it after a fork, never before. Raises StateLocked (when the role of runner is forced, and taken),
        StateError, RootUnreadable, or NotRunning in a child of the process that has started it.
        """
        if self._engine is not None:
            self._engine.check_process()
            return
        story = StoryLog(self._options.revealed.masked)
        engine = build_engine(
            self._options,
            story.beside(self._listener),
            clock=self._clock,
            catalogue=self._catalogue,
            watch=self._watch,
            host_loop=self._host_loop,
        )
        story.attach(engine)
        engine.start()
        self._engine, self._story = engine, story
        story.started(engine)
        if wait:
            engine.wait_ready(timeout)

    def stop(self, grace: float = 25.0) -> bool:
        """Shut everything down; returns whether all of it ended within `grace` seconds."""
        engine, self._engine = self._engine, None
        if engine is None:
            return True
        began = time.monotonic()
        ended = engine.stop(grace)
        self._story.stopped(engine, time.monotonic() - began)
        return ended

    async def astart(self, *, wait: bool = True, timeout: float = 60.0) -> None:  # noqa: ASYNC109 — it is handed to `start`
        """Start from an asyncio host without holding its loop up; integrations may ask to run on that loop."""
        self._host_loop = asyncio.get_running_loop()
        await asyncio.to_thread(self.start, wait=wait, timeout=timeout)

    async def astop(self, grace: float = 25.0) -> bool:
        """Stop from an asyncio host without holding its loop up."""
        return await asyncio.to_thread(self.stop, grace)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await self.astart()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.astop()

    # --- events and looks ---------------------------------------------------------------------------------------

    def publish(self, event: Event) -> "Future[list[Receipt]]":
        """Append an event to the queue on disk; the future is done when it is there. Never blocks.

        With `defer`, inside a transaction: at its commit; the future is cancelled when it is rolled back.
        """
        if not isinstance(event, Event):
            raise TypeError(f"publish takes an Event, not {type(event).__qualname__}: Event(type=…, source=…, data=…)")
        return self.engine.publish([event])

    async def apublish(self, event: Event) -> Receipt:
        """Append an event and return its receipt once it is on disk."""
        return (await asyncio.wrap_future(self.publish(event)))[0]

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until what was published is delivered, or waits for its next attempt; returns whether it came to that.

        A script calls it before it stops; without it, what is on disk is delivered at the next start.
        """
        deadline, pause = time.monotonic() + timeout, threading.Event()
        while not self.engine.delivered:
            if time.monotonic() >= deadline:
                return False
            pause.wait(_POLL)
        return True

    async def aflush(self, timeout: float = 10.0) -> bool:  # noqa: ASYNC109 — it is handed to `flush`
        """Flush from an asyncio host without holding its loop up."""
        return await asyncio.to_thread(self.flush, timeout)

    @property
    def overrides(self) -> HostOverrides:
        """What people have set aside; `suspend`, `pause` and `resume` are here."""
        return HostOverrides(self.engine.overrides)

    def look(self) -> None:
        """Look at the directory again now."""
        self.engine.look("host")

    def status(self, config_id: str) -> ConfigStatus | None:
        """Return one configuration's status, or None when nothing is known under this id."""
        return self.engine.config(config_id)

    # --- what people ask of it ----------------------------------------------------------------------------------

    def approve(self, digest: str, *, who: str = "the host") -> bool:
        """Let the held removals of this digest go; returns whether they were held. Raises OverrideRefused."""
        return self.engine.approve(digest, who)

    def retry(self, key: str, *, who: str = "the host") -> bool:
        """Try a failed configuration or integration again now; returns whether it is known."""
        return self.engine.retry(key, who)

    def forget(self, config_id: str, key: str | None = None, *, who: str = "the host") -> int:
        """Drop effects outside the process from the inventory; returns how many. Raises OverrideRefused."""
        return self.engine.outside.forget(config_id, key, who)
