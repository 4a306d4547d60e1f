"""The engine: owns the thread, the stores and the loop, starts them in order and takes them down in order.

One implementation for every host: synchronous ones wait on its futures, asyncio ones wrap them. It implements
`EngineView` for the pages, the API and the command line: what changes nothing stands in `answers.py`, and how other
threads get onto its loop in `reach.py`.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.model.event import Event
from reconciler.model.override import InterventionKind, Selector
from reconciler.model.ports import Receipt
from reconciler.model.state import Role
from reconciler.runtime.answers import Answers
from reconciler.runtime.asking import errand_kinds, retrying
from reconciler.runtime.assembly import Assembly, Ground, Tools, assemble
from reconciler.runtime.delivery.publisher import Publisher
from reconciler.runtime.engine_settings import EngineSettings
from reconciler.runtime.engine_thread import EngineThread, Worker
from reconciler.runtime.lanes.routes import RouteTable
from reconciler.runtime.listener import Listener, contained
from reconciler.runtime.shutdown import shut_down
from reconciler.runtime.state.state_directory import StateDirectory
from reconciler.runtime.succession import Succession
from reconciler.runtime.telling.heartbeat import Heartbeat
from reconciler.runtime.telling.instruments import Instruments
from reconciler.runtime.telling.metrics import Metrics
from reconciler.runtime.watch.watcher import Hint, Watcher

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

log = logging.getLogger(__name__)


class Engine(Answers):
    """One engine over one directory. `start` once, `stop` once; every other method may be called from any thread."""

    def __init__(self, settings: EngineSettings, tools: Tools, listener: Listener | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.catalogue = tools.catalogue
        self._tools = tools
        self._clock = tools.clock
        self._listener = contained(listener or Listener())
        self._metrics = Metrics()
        self._registry: CollectorRegistry | None = None
        self._registry_lock = Lock()
        self._started = 0.0
        self._forced: tuple[str, ...] | None = None
        self.heartbeat = Heartbeat(self._dead_task)
        self._watcher: Watcher | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take a role in the state directory, open the stores and begin the loop; returns before the first pass ends.

        Raises StateLocked, StateError or RootUnreadable (no directory, and no last good to run from).
        """
        self._state = StateDirectory(self.settings.state_dir, self._clock, self.settings.role)
        self._state.check_root(self.settings.root)
        self._store, self._queue = self._state.store, self._state.queue
        self._publisher = Publisher(self._queue, self._metrics, self._appended, self.settings.defer)
        self._pid, self._started = os.getpid(), self._clock.time()
        self._thread = EngineThread()
        self._disk, self._scanner = Worker("reconcile-disk"), Worker("reconcile-scan")
        self._thread.submit(self._begin()).result(timeout=30)

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait until the first pass has ended, at most `timeout` seconds; returns whether it has."""
        try:
            self._submit(self._controller.ready.wait()).result(timeout)
        except TimeoutError:
            return False
        return True

    def begin_stop(self) -> None:
        """Be not ready from now on, and take no more events; `stop` does the rest."""
        self._stopping = True

    def wind_down(self, grace: float) -> bool:
        """Drain and shut everything down, but keep the state directory; returns whether all ended within `grace`."""
        if self._pid == os.getpid() and self._forced is None:
            self._stopping = True
            try:
                self._forced = self._thread.submit(self._end(grace)).result(grace + 1.0)
            except TimeoutError:
                self._forced = ("the engine's loop",)
        return not self._forced

    def stop(self, grace: float = 25.0) -> bool:
        """Wind down and release the state directory; returns whether all ended within `grace`."""
        if self._pid != os.getpid() or self._stopped:
            return True
        self._stopping = self._stopped = True
        clean = self.wind_down(grace)
        for worker in (self._scanner, self._disk):
            worker.stop()
        self._thread.stop()
        self._state.close()
        return clean

    async def _begin(self) -> None:
        history = await asyncio.wrap_future(self._store.history(1))
        ground = Ground(
            self.settings.root,
            self.settings.prune_limit,
            self._store,
            self._queue,
            self._disk,
            self._scanner,
            self._metrics,
            self._publisher.publish,
            self._submit,
            lambda: self.ready,
            lambda: self.heartbeat.lag,
            self._state.first_role,
            self._state.lock.holder,
        )
        parts = assemble(self._tools, ground, self._listener, history[0].number + 1 if history else 1)
        self._world, self._registered = parts.world, parts.registered
        self._directory, self._absences = parts.directory, parts.absences
        self._counts, self.in_pass = parts.counts, parts.services.in_pass
        self._controller, self._router, self._dispatcher = parts.controller, parts.router, parts.dispatcher
        self.routes: RouteTable = parts.services.routes
        self._dormant = parts.services.dormant
        self.overrides, self.outside = parts.desk, parts.outside
        self.outside.effects.acts = self.settings.deliver
        self._errands = parts.errands
        errand_kinds.teach(self._errands, self.overrides, self._approve_here, self.outside.forget_here)
        await self.overrides.load()
        self._start_tasks(parts)

    def _start_tasks(self, parts: Assembly) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._controller.run(), name="controller"),
            loop.create_task(self.heartbeat.run(), name="heartbeat"),
        ]
        if self._dormant.role is Role.RUNNER:
            self._start_runner()
        else:
            succession = Succession(self._state, parts, self.settings.role, self._disk, self._start_runner)
            self._tasks.append(loop.create_task(succession.run(), name="succession"))
        if self.settings.watch:
            self._watcher = Watcher(
                self.settings.root,
                lambda hint: self._hint(loop, hint),
                self._clock,
                others=lambda: self._directory.named,
            )
            self._watcher.start()

    def _start_runner(self) -> None:
        """What the runner alone does; called at the start, or by the succession when it has done its work."""
        loop = asyncio.get_running_loop()
        self._tasks = [task for task in self._tasks if task.get_name() != "succession"]
        self._tasks.append(loop.create_task(self.overrides.run(), name="overrides"))
        self._tasks.append(loop.create_task(self._errands.run(), name="errands"))
        if self.settings.deliver:
            self._tasks.append(loop.create_task(self._router.run(), name="router"))
            self._tasks.append(loop.create_task(self._dispatcher.run(), name="dispatcher"))
            self._queue.watch(self._others_wrote)

    async def _end(self, grace: float) -> tuple[str, ...]:
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.stop)
        parts = (self._clock, self._controller, self._router, self._dispatcher, self._world)
        forced = await shut_down(*parts, grace, delivering=self.role is Role.RUNNER)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return forced

    def _dead_task(self) -> str | None:
        if self._stopping:
            return None
        return next((task.get_name() for task in self._tasks if task.done()), self._controller.dead_part)

    # --- what hosts and people ask ------------------------------------------------------------------------------

    @property
    def metrics(self) -> "CollectorRegistry":
        """The Prometheus registry of this engine, always the same; who asks first waits for the library's import."""
        with self._registry_lock:
            if self._registry is None:
                from reconciler.runtime.telling.metric_registry import metric_registry

                self._registry = metric_registry(self._metrics, self._clock)
            return self._registry

    @property
    def instruments(self) -> Instruments:
        """What is counted as it happens; `metrics` reads it."""
        return self._metrics.instruments

    def publish(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Append events to the queue; the future is done when they are on disk, after the commit where it is deferred.

        Raises EventError or NotRunning.
        """
        self._check_running()
        return self._publisher.publish(events)

    def look(self, trigger: str) -> None:
        """Look at the whole directory again now."""
        self._soon(lambda: self._controller.inbox.put(trigger, folders=None))

    def retry(self, key: str, who: str = "the host") -> bool:
        """Try a failed configuration or integration again now."""
        if key not in self._world.configs and key not in self._world.integrations:
            return False
        self._soon(lambda: self.overrides.note(InterventionKind.RETRY, key, who))
        self._soon(lambda: self._controller.retry(key))
        return True

    def retry_all(self, selector: Selector, who: str = "the host") -> int:
        """Try what failed of many configurations again now; returns how many are meant. Raises UnknownTarget."""
        ids = retrying.meant(self._world, selector, self.catalogue.ids())
        if ids:
            self._soon(lambda: self.overrides.note(InterventionKind.RETRY, str(selector), who))
            self._submit(retrying.each(ids, self._controller.retry))
        return len(ids)

    def approve(self, digest: str, who: str) -> bool:
        """Release exactly the held plan of this digest, in the runner too where this is a worker.

        Raises OverrideRefused where the runner is wanted and does not take it up.
        """

        async def release() -> bool:
            here = await self._approve_here(digest, who)  # in a worker, what the runner never kept
            if here or self.role is Role.RUNNER:
                return here
            return await errand_kinds.approve(self._errands, digest, who)

        return bool(self._submit(release()).result(30))

    async def _approve_here(self, digest: str, who: str) -> bool:
        keys = self._absences.approve(digest)
        if keys:
            self.overrides.note(InterventionKind.APPROVE, digest, who, f"to remove: {', '.join(sorted(keys)[:20])}")
            self._controller.inbox.put("approve", ids=keys)
        return bool(keys)

    def reconsider(self, integration_id: str, trigger: str) -> None:
        """Judge the documents of an integration again: its class was registered or taken back."""

        async def again() -> None:
            self._tools.validator.forget(integration_id)
            self._directory.invalidate(integration_id)
            self._controller.inbox.put(trigger, folders=None)

        self._submit(again()).result(30)

    def withdraw(self, integration_id: str, grace: float = 30.0) -> None:
        """Shut an integration down, its configurations first: its class is about to be taken back."""
        self._submit(self._controller.withdraw(integration_id)).result(grace)

    # --- inside -------------------------------------------------------------------------------------------------

    def _appended(self, error: BaseException | None = None) -> None:
        """Called in a thread of the queue: events have been stored, here or by another process, or could not be."""
        self._soon(lambda: self._note_appended(error))

    def _others_wrote(self) -> None:
        """Called in a thread of the queue: a worker has stored events, or left an errand."""
        self._appended()
        self._soon(self._errands.wake)

    def _note_appended(self, error: BaseException | None) -> None:
        if error is None:
            self._world.alarms.pop("queue", None)
            self._router.wake()
        else:
            self._world.alarms["queue"] = f"events cannot be stored: {error}"

    def _hint(self, loop: asyncio.AbstractEventLoop, hint: Hint) -> None:
        """Called in the watcher's thread."""
        if not self._stopping:
            loop.call_soon_threadsafe(lambda: self._controller.inbox.put("watch", folders=hint.folders))
