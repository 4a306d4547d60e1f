"""The engine as the hooks of one owner see it, and the starting and stopping of their set."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model.event import Event
from reconciler.model.ports import Clock, Disposer, Receipt, Request, Response, StopReason
from reconciler.runtime.dormant import Sleeper
from reconciler.runtime.lane import Lane
from reconciler.runtime.observed_call import observed_call
from reconciler.runtime.services import Services
from reconciler.sdk.hooks.base import Hook

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Receiver:
    """What an EventHook registered: a callable, and the event types it takes (None: all)."""

    types: tuple[str, ...] | None
    receive: Callable[..., Any]


class OwnerHost:
    """Implements HookHost for one owner. `close` takes back whatever its hooks left registered."""

    def __init__(self, services: Services, lane: Lane, owner: str, deadline: float) -> None:
        self._services = services
        self._lane = lane
        self.owner = owner
        self._deadline = deadline
        self._engine_loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._disposers: list[Disposer] = []
        self.receivers: tuple[Receiver, ...] = ()

    @property
    def clock(self) -> Clock:
        """The engine's clock."""
        return self._services.clock

    def on_event(self, types: Sequence[str] | None, receive: Callable[..., Any]) -> Disposer:
        """Register a receiver of deliveries."""
        receiver = Receiver(None if types is None else tuple(types), receive)
        with self._lock:
            self.receivers = (*self.receivers, receiver)
        return self._keep(lambda: self._drop(receiver))

    def add_route(
        self, path: str, methods: Sequence[str], handle: Callable[[Request], Awaitable[Response]]
    ) -> Disposer:
        """Open an HTTP route."""
        return self._keep(self._services.routes.add(path, methods, handle))

    def spawn(self, name: str, run: Callable[[], Awaitable[None]]) -> Disposer:
        """Run a coroutine function in the lane; disposing cancels it."""
        running = self._lane.submit(run, about=self._services.about(self.owner))
        running.future.add_done_callback(lambda future: self._ended(name, future))
        return self._keep(running.cancel)

    def call(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        """Run a function in the lane, under the delivery deadline."""
        what, services = getattr(function, "__name__", "call"), self._services
        about = services.about(self.owner)
        coroutine = observed_call(
            services.clock, self._lane, services.metrics, about, what, self._deadline, function, *args
        )
        return submit(self._engine_loop, coroutine)

    def publish(self, event: Event) -> "Future[Receipt]":
        """Append one event."""
        return first_receipt(self._services.publish([event]))

    def report(self, what: str, error: BaseException) -> None:
        """Log a contained failure and count it."""
        self._services.metrics.hook_failures.labels(self.owner.partition("/")[0]).inc()
        fields = self._services.about(self.owner)
        log.error("%s: %s failed: %s", self.owner, what, error, exc_info=error, extra={"fields": fields})

    def describe(self, hooks: Iterable[Hook]) -> tuple[str, ...]:
        """Return one line for each hook; those that wait for this process to be the runner say so."""
        asleep = {id(sleeper.hook) for sleeper in self._services.dormant.of(self.owner)}
        return tuple(f"{hook.describe()}{' (dormant)' if id(hook) in asleep else ''}" for hook in hooks)

    def close(self) -> None:
        """Take back every registration that is left; safe to call twice."""
        with self._lock:
            disposers, self._disposers = self._disposers, []
        for dispose in reversed(disposers):
            dispose()

    def _keep(self, dispose: Disposer) -> Disposer:
        with self._lock:
            self._disposers.append(dispose)

        def once() -> None:
            with self._lock:
                if dispose not in self._disposers:
                    return
                self._disposers.remove(dispose)
            dispose()

        return once

    def _drop(self, receiver: Receiver) -> None:
        with self._lock:
            self.receivers = tuple(r for r in self.receivers if r is not receiver)

    def _ended(self, name: str, future: "Future[Any]") -> None:
        error = future.exception() if not future.cancelled() else None
        if error is not None and not isinstance(error, asyncio.CancelledError):
            self.report(f"the task {name}", error)


def submit(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> "Future[Any]":
    """Run `coroutine` on the engine's loop from any thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop)


def first_receipt(receipts: "Future[list[Receipt]]") -> "Future[Receipt]":
    """Return a future of the one receipt out of a future of a list of one."""
    done: Future[Receipt] = Future()

    def hand_over(future: "Future[list[Receipt]]") -> None:
        error = future.exception()
        if error is None:
            done.set_result(future.result()[0])
        else:
            done.set_exception(error)

    receipts.add_done_callback(hand_over)
    return done


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls into one integration's code: its lane, the clock that measures deadlines, and the owner's name."""

    services: Services
    lane: Lane
    owner: str

    async def __call__(self, what: str, deadline: float, function: Callable[..., Any], *args: Any) -> Any:
        """Call and return; raises as `calls.call` does."""
        services = self.services
        about = services.about(self.owner)
        return await observed_call(services.clock, self.lane, services.metrics, about, what, deadline, function, *args)

    def of(self, owner: str) -> "Caller":
        """Return the same for calls about `owner`, a configuration."""
        return replace(self, owner=owner)


async def start_hooks(caller: Caller, host: OwnerHost, hooks: Sequence[Hook], deadline: float) -> None:
    """Start `hooks` in order; in a worker, those of the runner wait instead.

    On a failure what was started is stopped in reverse, and the failure raised.
    """
    touched: list[Hook] = []
    try:
        for hook in hooks:
            caller.services.exclusive.take(hook, caller.owner)
            touched.append(hook)
            if not caller.services.dormant.puts(Sleeper(hook, caller, host, deadline)):
                await caller(f"starting {hook.describe()}", deadline, hook.start, host)
    except BaseException:
        await stop_hooks(caller, touched, StopReason.REPLACED, deadline)
        raise


async def stop_hooks(
    caller: Caller, hooks: Iterable[Hook], reason: StopReason, deadline: float
) -> list[tuple[Hook, Exception]]:
    """Stop `hooks` in reverse. One that raises does not keep the others: returns those that failed, with why."""
    failed: list[tuple[Hook, Exception]] = []
    for hook in reversed(list(hooks)):
        try:
            if not caller.services.dormant.drop(hook):
                await caller(f"stopping {hook.describe()}", deadline, hook.stop, reason)
        except Exception as error:  # noqa: BLE001 — the rest must still stop
            fields = caller.services.about(caller.owner)
            log.warning("%s: %s did not stop: %s", caller.owner, hook.describe(), error, extra={"fields": fields})
            failed.append((hook, error))
        caller.services.exclusive.release(hook)
    return failed
