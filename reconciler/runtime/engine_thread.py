"""The engine's own thread with its own loop, in every host, and threads for what must not hold it up."""

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from reconciler.model.errors import NotRunning

T = TypeVar("T")
_SPARE_FOR = 1.0
"""How long a thread waits for something to do, in seconds, before it ends."""
_LAST_TURNS = 20
"""How often the loop turns at its end for what is cancelled: that may begin something on its way out, or go on."""


class EngineThread:
    """Starts a loop in a daemon thread. Synchronous hosts wait on the futures, asyncio hosts wrap them."""

    def __init__(self, name: str = "reconcile-engine") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The engine's loop."""
        return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run `coroutine` on the engine's loop; raises NotRunning after `stop`."""
        if not self._thread.is_alive():
            coroutine.close()
            raise NotRunning("the engine is not running in this process: start it after the fork")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """End the loop and wait for the thread, from any other thread; calling it twice does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        told: set[asyncio.Task[Any]] = set()
        for _ in range(_LAST_TURNS):
            tasks = asyncio.all_tasks(self._loop)
            if not tasks:
                break
            for task in tasks - told:
                task.cancel()
            told |= tasks
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


class Worker:
    """One daemon thread that runs jobs in order: the disk work that must not hold the loop up."""

    def __init__(self, name: str) -> None:
        self._inner = EngineThread(name)

    def run(self, function: Any, *args: Any) -> "Future[Any]":
        """Run `function(*args)` after what is queued; the future holds its result."""
        return self._inner.submit(_call(function, args))

    def stop(self) -> None:
        """End the thread after the job that runs."""
        self._inner.stop()


class SpareThreads:
    """Daemon threads for jobs that may hang: no job waits for another one. A thread without a job soon ends."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def run(self, job: Callable[[], None]) -> None:
        """Run `job`, which raises nothing, at once."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            else:
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            try:
                self._jobs.get(timeout=_SPARE_FOR)()
            except queue.Empty:
                with self._lock:
                    if self._idle:  # else a job is on its way
                        self._idle -= 1
                        return
            else:
                with self._lock:
                    self._idle += 1


async def _call(function: Any, args: tuple[Any, ...]) -> Any:
    return function(*args)
