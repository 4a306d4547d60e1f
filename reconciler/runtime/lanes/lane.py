"""A lane: the threads on which one integration's code runs, so that nothing it does can stop the engine.

One daemon thread with an event loop for coroutines, and up to 8 daemon threads for plain functions (not a
ThreadPoolExecutor, which joins its threads at exit). A lane knows nothing of deadlines: `calls.py` does.
"""

import asyncio
import contextlib
import inspect
import logging
import queue
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import Any

from reconciler.core.masking.stand_in import without_secrets
from reconciler.model.errors import NotRunning
from reconciler.runtime.telling.about import About

log = logging.getLogger(__name__)
MAX_WORKERS = 8
_Job = tuple["Call", Callable[..., Any], tuple[Any, ...]]


class Call:
    """One call under way in a lane: its future, and how to cancel it as far as that can be done."""

    def __init__(self, lane: "Lane", about: Mapping[str, Any]) -> None:
        self.about = about
        self.future: Future[Any] = Future()
        self._lane = lane
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Cancel the coroutine where there is one; a plain function cannot be interrupted."""
        self._cancelled = True
        self._lane.post(lambda: self._task.cancel() if self._task is not None else None)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._cancelled

    def begin(self, task: "asyncio.Task[None]") -> None:
        """Note the task that runs it; called on the lane's loop."""
        self._task = task
        if self._cancelled:
            task.cancel()

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Hand the outcome over; the first one counts, whichever thread it comes from."""
        with contextlib.suppress(InvalidStateError):
            if error is None:
                self.future.set_result(result)
            else:
                self.future.set_exception(without_secrets(error, self._lane.masked))


class Lane:
    """Runs functions and coroutine functions of one integration, side by side.

    `farewell` is awaited on the loop at its end: what belongs to the loop is closed there. `host` is an asyncio host's
    loop, for an integration that asks for it: then the lane has no loop of its own, and ends its own tasks alone.
    `masked` takes secrets out of a text: no exception leaves the lane with one.
    """

    def __init__(
        self,
        name: str,
        farewell: Callable[[], Coroutine[Any, Any, None]] | None = None,
        host: asyncio.AbstractEventLoop | None = None,
        masked: Callable[[str], str] = str,
    ) -> None:
        self.name = name
        self.masked = masked
        self.about = About()
        self.is_hosted = host is not None
        self._farewell = farewell
        self._loop = asyncio.new_event_loop() if host is None else host
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.registering = threading.Lock()
        """Held while one of the owners that live in this lane keeps, or takes back, what a hook has registered."""
        self._workers = 0
        self._idle = 0
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: set[Call] = set()
        self.awaited = 0
        """How many calls the engine waits for; what was spawned to go on by itself is none."""
        self._parting: asyncio.Task[None] | None = None
        if host is None:
            threading.Thread(target=self._run_loop, name=f"lane-{name}", daemon=True).start()

    @property
    def closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._closed

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on which this lane's coroutines run."""
        return self._loop

    def submit(self, function: Callable[..., Any], *args: Any, about: Mapping[str, Any] | None = None) -> Call:
        """Start `function(*args)`: on the loop when it is a coroutine function, else in a worker thread.

        `about` are log fields that say whom the call is for. Raises NotRunning after `close`.
        """
        call = Call(self, about or {})
        self._calls.add(call)  # first, so that a `close` in another thread sees it
        call.future.add_done_callback(lambda _: self._calls.discard(call))
        if self._closed:
            self._calls.discard(call)
            raise NotRunning(f"the lane of {self.name} is closed")
        if inspect.iscoroutinefunction(inspect.unwrap(function)) or _has_async_call(function):
            self.post(lambda: self._begin(call, function, args))
        else:
            self._hand_to_worker((call, function, args))
        return call

    def post(self, callback: Callable[[], object]) -> None:
        """Run `callback` on the loop soon; does nothing once the loop is closed."""
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            log.debug("the lane of %s is closed", self.name)

    def close(self) -> None:
        """Cancel what still runs and let the threads end when they can; never waits for them.

        Whoever waits for a call hears of it at once.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in range(self._workers):
                self._jobs.put(None)
        self.post(self._cancel_all)
        for call in self._calls.copy():
            call.finish(None, asyncio.CancelledError())

    def _begin(self, call: Call, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            coroutine = function(*args)
        except BaseException as error:  # noqa: BLE001 — an unfit signature: nobody must wait for what never began
            call.finish(None, error)
        else:
            self._start(call, coroutine)

    def _start(self, call: Call, coroutine: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(_contain(call, coroutine))
        self._tasks.add(task)
        self.about.task(task, call.about)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: _never_began(call, coroutine))
        call.begin(task)

    def _hand_to_worker(self, job: _Job) -> None:
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._workers < MAX_WORKERS:
                self._workers += 1
                name = f"lane-{self.name}-{self._workers}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._work_on(*job)
            with self._lock:
                self._idle += 1
            del job

    def _work_on(self, call: Call, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if call.cancelled or self._closed:  # it waited behind calls that hang, until nobody wanted it any more
            call.finish(None, asyncio.CancelledError())
            return
        try:
            with self.about.thread(call.about):
                result = function(*args)
        except BaseException as error:  # noqa: BLE001 — SystemExit of an integration must not end the worker
            call.finish(None, error)
        else:
            self._settle(call, result)

    def _settle(self, call: Call, result: Any) -> None:
        if inspect.iscoroutine(result):  # a lambda or a partial around an `async def`
            self.post(lambda: self._start(call, result))
        else:
            call.finish(result, None)

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._closed:
            try:
                self._loop.run_forever()
            except BaseException as raised:
                error = without_secrets(raised, self.masked)
                if self._loop.is_closed():
                    log.exception("the code of %s closed the loop of its lane: it is lost", self.name, exc_info=error)
                    return
                log.exception("a task of %s tried to end the process; its lane goes on", self.name, exc_info=error)
        self._finish_loop()

    async def _part_from_host(self) -> None:
        """End what runs on the host's loop, and only that."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        try:
            if self._farewell is not None:
                await asyncio.wait_for(self._farewell(), timeout=1.0)
        except Exception:
            log.debug("the connections of %s did not close with their lane", self.name, exc_info=True)

    def _finish_loop(self) -> None:
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._complete(_gather(pending), "tasks")  # what swallows its cancellation is left behind
        if self._farewell is not None:
            self._complete(self._farewell(), "connections")
        self._loop.close()

    def _complete(self, last: Coroutine[Any, Any, None], what: str) -> None:
        """Run something to its end, for a second at most; somebody may have closed the loop under it."""
        waiting = asyncio.wait_for(last, timeout=1.0)
        try:
            self._loop.run_until_complete(waiting)
        except BaseException:
            log.debug("the %s of %s did not end with their lane", what, self.name, exc_info=True)
        finally:
            for coroutine in (waiting, last):
                with contextlib.suppress(RuntimeError):
                    coroutine.close()

    def _cancel_all(self) -> None:
        if self.is_hosted:
            self._parting = self._loop.create_task(self._part_from_host())
            return
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)


async def _gather(tasks: "set[asyncio.Task[Any]]") -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


async def _contain(call: Call, coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine so that no exception of it, SystemExit included, reaches the loop."""
    try:
        result = await coroutine
    except BaseException as error:  # noqa: BLE001
        call.finish(None, error)
    else:
        call.finish(result, None)


def _never_began(call: Call, coroutine: Coroutine[Any, Any, Any]) -> None:
    """End a call whose task was cancelled before its first step; does nothing for any other."""
    coroutine.close()
    call.finish(None, asyncio.CancelledError())


def _has_async_call(function: object) -> bool:
    """Whether a callable object's `__call__` is a coroutine function."""
    return inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 — its kind is asked, not whether it is there
