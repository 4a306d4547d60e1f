"""A host with a real loop in a thread, a clock that only tests move, and an owner that declares what is asked for."""

import asyncio
import inspect
import threading
import time
from concurrent.futures import Future
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from reconciler.model.descriptor import Descriptor, RouteDeclaration, ScheduleDeclaration
from reconciler.model.ports import Receipt, StopReason
from reconciler.sdk.hooks.base import HookSet


def until(condition, seconds=20.0):
    """Return once `condition()` holds; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come to hold"
        time.sleep(0.001)


class ManualClock:
    def __init__(self, wall=1_700_000_000.0):
        self.wall, self.passed = wall, 0.0
        self.sleepers = {}
        self._lock = threading.Lock()

    def time(self):
        return self.wall

    def monotonic(self):
        return self.passed

    async def sleep(self, seconds):
        wake, key = asyncio.Event(), object()
        with self._lock:
            self.sleepers[key] = (self.passed + seconds, asyncio.get_running_loop(), wake)
        try:
            await wake.wait()
        finally:
            with self._lock:
                self.sleepers.pop(key, None)

    def advance(self, seconds):
        """Let `seconds` pass on both clocks and wake who is due."""
        self.wall += seconds
        self.passed += seconds
        with self._lock:
            due = [sleeper for sleeper in self.sleepers.items() if sleeper[1][0] <= self.passed]
            for key, (_, loop, wake) in due:
                del self.sleepers[key]
                loop.call_soon_threadsafe(wake.set)


class LoopHost:
    """HookHost over one loop; failures go to `reports`, published events to `published`."""

    def __init__(self):
        self.clock = ManualClock()
        self.reports, self.published, self.events = [], [], []
        self.routes = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def on_event(self, types, receive):
        entry = (types, receive)
        self.events.append(entry)
        return lambda: self.events.remove(entry) if entry in self.events else None

    def add_route(self, path, methods, handle):
        self.routes[path] = (methods, handle)
        return lambda: self.routes.pop(path, None)

    def spawn(self, name, run):
        return asyncio.run_coroutine_threadsafe(run(), self._loop).cancel

    def call(self, function, *args):
        async def run():
            if inspect.iscoroutinefunction(function):
                return await function(*args)
            return await asyncio.to_thread(function, *args)

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def publish(self, event):
        self.published.append(event)
        future = Future()
        future.set_result(Receipt(len(self.published)))
        return future

    def report(self, what, error):
        self.reports.append((what, error))

    def request(self, path, request):
        """Send a request to an open route, as the web layer does, from a loop of its own."""
        return asyncio.run(self.routes[path][1](request))

    def close(self):
        async def finish():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._loop.shutdown_default_executor()

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def host():
    with ExitStack() as stack:
        made = LoopHost()
        stack.callback(made.close)
        yield made


@pytest.fixture
def owner():
    descriptor = Descriptor(
        "slack",
        "Slack",
        routes=(RouteDeclaration("/github", ("POST", "PUT")),),
        schedules=(ScheduleDeclaration("digest"),),
    )
    return SimpleNamespace(hook_set=HookSet("slack/builds", descriptor))


@pytest.fixture
def start(host):
    """Return a function that starts a hook; it is stopped after the test."""
    with ExitStack() as stack:

        def begin(hook):
            hook.start(host)
            stack.callback(hook.stop, StopReason.REMOVED)
            return hook

        yield begin


@pytest.fixture(name="until")
def _until():
    return until
