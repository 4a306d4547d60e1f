"""Runs the work queue: a task for every key that may be worked on, and a wake-up for the next appointment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from reconciler.core.workqueue import WorkQueue
from reconciler.model.plan import Outcome
from reconciler.model.ports import Clock
from reconciler.runtime.telling.metrics import WorkMetrics

log = logging.getLogger(__name__)


class Pump:
    """`work(key)` takes the step; `done(key, outcome)` hears of every end. Used on the engine's loop."""

    def __init__(
        self,
        clock: Clock,
        work: Callable[[str], Awaitable[Outcome | None]],
        done: Callable[[str, Outcome | None], None],
        metrics: WorkMetrics,
    ) -> None:
        self.queue = WorkQueue()
        self._clock = clock
        self._work = work
        self._done = done
        self._metrics = metrics
        self._asked = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._stopping = False
        self._ended = asyncio.Event()

    def add(self, key: str) -> None:
        """Work on `key` soon."""
        self.queue.add(key)
        self._metrics.added(key, self._clock.monotonic())
        self._asked.set()

    def add_at(self, key: str, due: float) -> None:
        """Work on `key` at `due` (monotonic)."""
        self.queue.add_at(key, due)
        self._metrics.retries.inc()
        self._asked.set()

    async def run(self) -> None:
        """Start work as it may be started, until cancelled."""
        while True:
            self._asked.clear()
            for key in self.queue.take(self._clock.monotonic()):
                task = asyncio.ensure_future(self._one(key))
                self._tasks[task] = key
                task.add_done_callback(self._tasks.pop)
            due = self.queue.next_due()
            if due is None:
                await self._asked.wait()
            else:
                await first_of(self._asked.wait(), self._clock.sleep(max(0.0, due - self._clock.monotonic())))

    async def worked_off(self, integration: str) -> None:
        """Return when no work on an integration or its configurations is under way or asked for."""
        while self.queue.has_work_for(integration):
            self._ended.clear()
            await self._ended.wait()

    def halt(self) -> None:
        """Begin nothing more."""
        self._stopping = True

    async def finish(self, integration: str) -> None:
        """Return when no work on an integration or its configurations is under way."""
        tasks = [task for task, key in self._tasks.items() if key.partition("/")[0] == integration]
        if tasks:
            await asyncio.wait(tasks)

    async def _one(self, key: str) -> None:
        outcome: Outcome | None = None
        self._metrics.began(key, self._clock.monotonic())
        try:
            if not self._stopping:
                outcome = await self._work(key)
        except Exception:
            log.exception("working on %s failed in the engine itself; the next sweep looks again", key)
        finally:
            self.queue.done(key)
            self._metrics.ended(key, self._clock.monotonic())
            self._asked.set()
        self._done(key, outcome)
        self._ended.set()


async def first_of(*waits: Awaitable[Any]) -> None:
    """Return when the first of `waits` is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
