"""What a running engine answers when it is asked: looked up, never changed; most of `EngineView`.

The middle of `Engine`. Every method may be called from any thread.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from reconciler.config.catalogue import Catalogue
from reconciler.config.tree.directory import Directory
from reconciler.model.delivery import Backlog
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Plan
from reconciler.model.ports import Clock
from reconciler.model.state import ConfigStatus, EngineStatus, IntegrationStatus, PassRecord, Role, StaleConfig
from reconciler.runtime.asking.outside_desk import OutsideDesk
from reconciler.runtime.asking.override_desk import OverrideDesk
from reconciler.runtime.delivery.dispatcher import Dispatcher
from reconciler.runtime.delivery.publisher import Publisher
from reconciler.runtime.delivery.queue import SqliteQueue
from reconciler.runtime.delivery.router import Router
from reconciler.runtime.engine_settings import EngineSettings
from reconciler.runtime.lanes.dormant import Dormant
from reconciler.runtime.loop.absence import Absences
from reconciler.runtime.loop.controller import Controller
from reconciler.runtime.loop.world import World
from reconciler.runtime.reach import Reach
from reconciler.runtime.state.state_directory import StateDirectory
from reconciler.runtime.state.state_store import StateStore
from reconciler.runtime.telling.file_alarm import file_alarm
from reconciler.runtime.telling.heartbeat import Heartbeat
from reconciler.runtime.telling.state_counts import StateCounts
from reconciler.runtime.telling.statuses import (
    Registered,
    config_status,
    engine_status,
    integration_status,
    stale_config,
)
from reconciler.sdk.integration import Integration

if TYPE_CHECKING:
    from reconciler.sdk.config import IntegrationConfig


_TURNS = 10
"""How many turns of the loop what has just become due may take to begin."""


class Answers(Reach):
    """Reads the parts of an engine that has been started."""

    settings: EngineSettings
    catalogue: Catalogue
    overrides: OverrideDesk
    outside: OutsideDesk
    heartbeat: Heartbeat
    _clock: Clock
    _state: StateDirectory
    _store: StateStore
    _queue: SqliteQueue
    _world: World
    _registered: Registered
    _directory: Directory
    _absences: Absences
    _counts: StateCounts
    _controller: Controller
    _dispatcher: Dispatcher
    _publisher: Publisher
    _router: Router
    _dormant: Dormant
    _started: float
    _forced: tuple[str, ...] | None

    @property
    def ready(self) -> bool:
        """Whether the first pass has ended and the engine is not stopping."""
        return self._pid == os.getpid() and not self._stopping and self._controller.ready.is_set()

    @property
    def live(self) -> bool:
        """Whether the engine's loop turns and all of its tasks live."""
        return self.heartbeat.alive

    @property
    def role(self) -> Role:
        """Whether this process is the runner of its state directory, or a worker beside it."""
        return self._dormant.role

    def plan(self) -> Plan:
        """Return what still differs from the files."""

        async def difference() -> Plan:
            return self._controller.difference()

        plan: Plan = self._submit(difference()).result(30)
        return plan

    def instance(self, integration_id: str) -> Integration | None:
        """Return the object of an integration that is initialized, or None."""
        runtime = self._world.integrations.get(integration_id)
        instance = runtime.instance if runtime is not None else None
        return instance if instance is not None and instance.enabled else None

    def configs_of(self, integration_id: str) -> "list[IntegrationConfig[Any]]":
        """Return the configurations of an integration that run now, by id."""
        return self._world.configs_of(integration_id)

    def history(self, limit: int) -> "Future[list[PassRecord]]":
        """Return the last passes, newest first."""
        self._check_running()
        return self._store.history(limit)

    def config_ids(self) -> Sequence[str]:
        """Return the ids of all known configurations, sorted."""
        return sorted({*self._world.configs.copy(), *self._directory.snapshot.desired})

    def config(self, config_id: str) -> ConfigStatus | None:
        """Return one configuration's status."""
        record = self._world.configs.get(config_id)
        return config_status(record, self.outside.effects.of(config_id)) if record is not None else None

    def backlog(self) -> "Future[dict[str, Backlog]]":
        """Return what waits for each configuration that deliveries wait for."""
        return self._queue.backlog()

    def integrations(self) -> Sequence[IntegrationStatus]:
        """Return every registered integration, by id."""
        world, effects = self._world, self.outside.effects
        return [
            integration_status(k, world.integrations.get(k), self._registered, len(world.running(k)), effects.of(k))
            for k in self.catalogue.ids()
        ]

    def diagnostics(self) -> Sequence[Diagnostic]:
        """Return every finding about the files as they are now, by place."""
        return self._directory.snapshot.diagnostics

    def place_of(self, key: str) -> tuple[str, int]:
        """Return the file and line of a configuration, or an empty name and 0."""
        desired = self._directory.snapshot.get(key)
        return desired.file, desired.line

    def runs(self, key: str) -> bool:
        """Whether some version of a configuration runs."""
        record = self._world.configs.get(key)
        return record is not None and record.generation is not None

    def alarms(self) -> tuple[str, ...]:
        """Return what needs a person, as sentences."""
        return (*self.own_alarms(), *file_alarm(str(self.settings.root), self._directory.snapshot.homeless))

    def own_alarms(self) -> tuple[str, ...]:
        """Return those that are not about what files say: of these, whoever follows the engine hears one by one."""
        return (*self._world.alarms.copy().values(), *self._state.alarms)

    def counts(self) -> tuple[dict[str, int], dict[str, int], int]:
        """Return configurations by state, integrations by state, and how many configurations are stale."""
        return self._counts.counts()

    @property
    def held_reason(self) -> str:
        """Why removals are held, or the empty string."""
        return self._absences.verdict.reason

    def unfinished(self) -> list[str]:
        """Return what did not end by itself when the engine stopped, named for people."""
        return list(self._forced or ())

    @property
    def looks(self) -> int:
        """How many looks at the directory have ended with a plan."""
        return self._controller.looks

    @property
    def opened(self) -> bool:
        """Whether what follows the first pass is done, too: what it found is with the disk, and events are routed."""
        return self.ready and self._controller.opened

    @property
    def idle(self) -> bool:
        """Whether the loop has nothing to do until a file, a request or the clock says so; for tests."""

        async def asked() -> bool:
            await _turns()
            return self._controller.idle

        return bool(self._submit(asked()).result(10))

    @property
    def under_way(self) -> tuple[str, ...]:
        """What goes on without the clock, in words; empty where only time, a file or a request changes anything.

        For tests, which let time pass then. Tasks that integrations run by themselves are not seen.
        """

        async def asked() -> tuple[str, ...]:
            await _turns()
            calls = [f"a call of {key}" for key in self.called]
            events = ["events on their way"] if self._publisher.busy or self._router.busy else []
            deliveries = [] if self._dispatcher.resting else ["deliveries"]
            return (*self._controller.under_way, *calls, *events, *deliveries)

        found: tuple[str, ...] = self._submit(asked()).result(10)
        return found

    @property
    def called(self) -> list[str]:
        """The integrations that the engine waits for a call of, as it looks from outside; for tests."""
        lanes = [(runtime.id, runtime.lane) for runtime in list(self._world.integrations.values())]
        return [key for key, lane in lanes if lane is not None and lane.awaited]

    @property
    def delivered(self) -> bool:
        """Whether no event waits to be routed, and no delivery is due or under way."""
        if self._dispatcher.busy:  # before the queue is asked: what is under way may add to it
            return False
        stats, due = self._queue.stats().result(5), self._queue.next_due().result(5)
        is_due = due is not None and due <= self._clock.time() + 0.001  # times since the epoch are rounded
        return not stats["waiting"] and not is_due and not self._dispatcher.busy

    def status(self) -> EngineStatus:
        """Return the whole at a glance."""
        controller, stats = self._controller, self._queue.stats().result(5)
        return engine_status(
            self.settings,
            self._world,
            self.counts(),
            stats,
            controller,
            ready=self.ready,
            started=self._started,
            overrides=tuple(self.overrides.listed()),
            alarms=self.alarms(),
            role=self.role,
            runner=self._state.lock.holder(),
            stale_configs=self._stale_configs(),
        )

    def _stale_configs(self) -> tuple[StaleConfig, ...]:
        records = (self._world.configs.get(key) for key in self._counts.stale())
        return tuple(stale_config(record) for record in records if record is not None)


async def _turns() -> None:
    """Let the loop turn often enough for what has just become due to begin."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
