"""Runs the work queue: tasks for the keys that may be worked on, and a wake-up for the next appointment.

A task works on one key, or on many of one integration that go together; those of them that then turn out to need
steps of their own get a task each, so that none waits for another.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Protocol

from reconciler.core.workqueue import WorkQueue
from reconciler.model.plan import Outcome
from reconciler.model.ports import Clock
from reconciler.runtime.first_of import first_of
from reconciler.runtime.telling.metrics import WorkMetrics

log = logging.getLogger(__name__)


class Many(Protocol):
    """Works on several keys of one integration at once."""

    def fitting(self, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` that may be worked on with others of their integration."""

    async def work(self, keys: Sequence[str]) -> Mapping[str, Outcome | None]:
        """Take the step of those of `keys` that still go together, and return what came of it by key."""


class Worker(Protocol):
    """Takes the steps: the applier."""

    @property
    def together(self) -> Many:
        """Takes many at once."""

    async def work(self, key: str) -> Outcome | None:
        """Take the step of one key."""


class Pump:
    """`worker` takes the steps; `done` hears of every end, by key. Used on the engine's loop.

    Where so many keys as `together_from`, or more, may be worked on, those that go together are.
    """

    def __init__(
        self,
        clock: Clock,
        worker: Worker,
        done: Callable[[Mapping[str, Outcome | None]], None],
        metrics: WorkMetrics,
        together_from: int = 2,
    ) -> None:
        self._together_from = together_from
        self.queue = WorkQueue()
        self._clock = clock
        self._worker = worker
        self._done = done
        self._metrics = metrics
        self._asked = asyncio.Event()
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._stopping = False
        self._ended = asyncio.Event()

    def add(self, key: str) -> None:
        """Work on `key` soon."""
        self.add_all((key,))

    def add_all(self, keys: Sequence[str]) -> None:
        """Work on each of `keys` soon."""
        self.queue.add_all(keys)
        self._metrics.added(keys, self._clock.monotonic())
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
            for keys in self._portions(self.queue.take(self._clock.monotonic())):
                self._metrics.began(keys, self._clock.monotonic())
                self._spawn(keys)
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
        while tasks := [task for task, key in self._tasks.items() if _integration(key) == integration]:
            await asyncio.wait(tasks)  # what they leave over gets further ones

    def _portions(self, keys: Sequence[str]) -> Iterable[list[str]]:
        """Return what each task works on: one key, or those of one integration that go together."""
        together = self._worker.together.fitting(keys) if len(keys) >= self._together_from else []
        yield from (list(some) for _, some in groupby(together, _integration))
        known = frozenset(together)
        yield from ([key] for key in keys if key not in known)

    def _spawn(self, keys: Sequence[str]) -> None:
        task = asyncio.ensure_future(self._work_on(keys))
        self._tasks[task] = keys[0]
        task.add_done_callback(self._tasks.pop)

    async def _work_on(self, keys: Sequence[str]) -> None:
        outcomes: Mapping[str, Outcome | None] = dict.fromkeys(keys)
        try:
            if not self._stopping:
                outcomes = await self._take_steps(keys)
                if len(outcomes) < len(keys):
                    self._leave([key for key in keys if key not in outcomes])
                    keys = list(outcomes)
        except Exception:
            log.exception("working on %s failed in the engine itself; the next sweep looks again", ", ".join(keys[:5]))
        finally:
            if keys:
                self.queue.done_all(keys)
                self._metrics.ended(keys, self._clock.monotonic())
                self._asked.set()
        if keys:
            self._done(outcomes)
            self._ended.set()

    def _leave(self, keys: Sequence[str]) -> None:
        """Work on each by itself: they count as worked on all the while, so that nobody else begins."""
        for key in keys:
            self._spawn([key])

    async def _take_steps(self, keys: Sequence[str]) -> Mapping[str, Outcome | None]:
        if len(keys) > 1:
            return await self._worker.together.work(keys)
        return {keys[0]: await self._worker.work(keys[0])}


def _integration(key: str) -> str:
    return key.partition("/")[0]
