"""The engine as the hooks of one owner see it, and the starting and stopping of their set."""

import asyncio
import logging
import operator
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.masking.stand_in import without_secrets
from reconciler.model.errors import DeadlineExceeded
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Disposer, Receipt, Request, Response, StopReason
from reconciler.runtime.lanes.calls import GRACE, Abandoned
from reconciler.runtime.lanes.cleanup import Leftover
from reconciler.runtime.lanes.dormant import Sleeper
from reconciler.runtime.lanes.effects import Declarer, OwnedEffect
from reconciler.runtime.lanes.lane import Lane
from reconciler.runtime.lanes.observed_call import observed_call
from reconciler.runtime.lanes.panels import Panel
from reconciler.runtime.services import Services
from reconciler.sdk.hooks.base import Hook

log = logging.getLogger(__name__)
_OWN = "reconciler.sdk.hooks."
_LONGEST = 200
"""How much of a hook's description is kept, in characters."""


class Receiver(Struct, frozen=True, eq=False):
    """What an EventHook registered: a callable, and the event types it takes (None: all)."""

    types: tuple[str, ...] | None
    receive: Callable[..., Any]


class OwnerHost:
    """Implements HookHost for one owner. `close` takes back whatever its hooks left registered.

    `loop` is the engine's: who makes many asks for it once.
    """

    __slots__ = (
        "_deadline", "_declarer", "_disposers", "_engine_loop", "_lane", "_services", "owner", "receivers",
    )  # fmt: skip

    def __init__(
        self, services: Services, lane: Lane, declarer: Declarer, deadline: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._services = services
        self._lane = lane
        self._declarer = declarer
        self.owner = declarer.owner
        self._deadline = deadline
        self._engine_loop = loop
        self._disposers: list[Disposer] | None = None  # most owners register nothing
        self.receivers: tuple[Receiver, ...] = ()

    @property
    def clock(self) -> Clock:
        """The engine's clock."""
        return self._services.clock

    def on_event(self, types: Sequence[str] | None, receive: Callable[..., Any]) -> Disposer:
        """Register a receiver of deliveries."""
        receiver = Receiver(None if types is None else tuple(types), receive)
        with self._lane.registering:
            self.receivers = (*self.receivers, receiver)
        return self._keep(lambda: self._drop(receiver))

    def add_route(
        self, path: str, methods: Sequence[str], handle: Callable[[Request], Awaitable[Response]]
    ) -> Disposer:
        """Open an HTTP route."""
        return self._keep(self._services.routes.add(path, methods, handle, owner=self.owner, holder=self))

    def spawn(self, name: str, run: Callable[[], Awaitable[None]]) -> Disposer:
        """Run a coroutine function in the lane; disposing cancels it."""
        running = self._lane.submit(run, about=self._services.about(self.owner))
        running.future.add_done_callback(lambda future: self._ended(name, future))
        return self._keep(running.cancel)

    def call(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        """Run a function in the lane, under the delivery deadline."""
        return submit(self._engine_loop, self._call(function, *args))

    def publish(self, event: Event) -> "Future[Receipt]":
        """Append one event."""
        return first_receipt(self._services.publish([event]))

    def effect(self, key: str) -> OwnedEffect:
        """Return the inventory's row for one of the owner's effects."""
        return self._services.effects.handle(self._declarer, key)

    def add_panel(self, title: str, render: Callable[[], Any]) -> Disposer:
        """Put a panel on the integration's page."""
        return self._keep(self._services.panels.add(Panel(self.owner, self._lane.masked(title), render, self._lane)))

    def report(self, what: str, error: BaseException) -> None:
        """Log a contained failure and count it."""
        self._services.metrics.hook_failures.labels(self.owner.partition("/")[0]).inc()
        fields, masked = self._services.about(self.owner), self._lane.masked
        told = without_secrets(error, masked)
        log.error("%s: %s failed: %s", self.owner, masked(what), told, exc_info=told, extra={"fields": fields})

    def describe(self, hooks: Iterable[Hook]) -> tuple[str, ...]:
        """Return one line for each hook; those that wait for this process to be the runner say so."""
        asleep = {id(sleeper.hook) for sleeper in self._services.dormant.of(self.owner)}
        return tuple(f"{name_of(hook)}{' (dormant)' if id(hook) in asleep else ''}" for hook in hooks)

    def close(self) -> None:
        """Take back every registration that is left; safe to call twice."""
        with self._lane.registering:
            disposers, self._disposers = self._disposers or [], None
        for dispose in reversed(disposers):
            dispose()

    async def _call(self, function: Callable[..., Any], *args: Any) -> Any:
        services, what = self._services, getattr(function, "__name__", "call")
        about = services.about(self.owner)
        try:
            return await observed_call(
                services.clock, self._lane, services.metrics, about, what, self._deadline, function, *args
            )
        except Abandoned as error:
            services.abandoned.tell(self.owner.partition("/")[0], error)
            raise

    def _keep(self, dispose: Disposer) -> Disposer:
        with self._lane.registering:
            if self._disposers is None:
                self._disposers = []
            self._disposers.append(dispose)

        def once() -> None:
            with self._lane.registering:
                if self._disposers is None or dispose not in self._disposers:
                    return
                self._disposers.remove(dispose)
            dispose()

        return once

    def _drop(self, receiver: Receiver) -> None:
        with self._lane.registering:
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


class Caller(Struct, frozen=True):
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

    def keep(
        self, what: str, error: Exception, again: Callable[[], Awaitable[Any]], *, hook: Hook | None = None
    ) -> None:
        """Remember a call of a clean-up that failed, to be made again; one of no hook undoes the owner as a whole."""
        text = str(error) or type(error).__name__
        leftover = Leftover(what, text, self.lane, again, hook, while_down=hook is None)
        self.services.cleanups.keep(self.owner, leftover)


class Stopped(Struct):
    """How stopping went: what would not go, as sentences, and the call that cost the lane, if one did."""

    problems: list[str] = field(default_factory=list)
    abandoned: Abandoned | None = None

    def add(self, what: str, error: Exception) -> None:
        """Note a failure."""
        self.problems.append(f"{what} failed: {error}")
        if isinstance(error, Abandoned):
            self.abandoned = error


async def start_hooks(caller: Caller, host: OwnerHost, hooks: Sequence[Hook], deadline: float) -> None:
    """Start `hooks` in order; in a worker, those of the runner wait instead.

    On a failure what was started is stopped in reverse, and the failure raised.
    """
    touched: list[Hook] = []
    try:
        for hook in hooks:
            await _describe(caller, hook, deadline)
            caller.services.exclusive.take(hook, caller.owner)
            caller.services.cleanups.drop(caller.owner, partial(operator.is_, hook))
            touched.append(hook)
            if not caller.services.dormant.puts(Sleeper(hook, host.owner, caller, host, deadline)):
                await caller(f"starting {name_of(hook)}", deadline, hook.start, host)
    except BaseException as error:
        stopped = await stop_hooks(caller, touched, StopReason.REPLACED, deadline, lost=isinstance(error, Abandoned))
        if stopped.abandoned is not None and not isinstance(error, Abandoned):
            raise stopped.abandoned from error
        raise


async def stop_hooks(
    caller: Caller, hooks: Iterable[Hook], reason: StopReason, deadline: float, *, lost: bool = False
) -> Stopped:
    """Stop `hooks` in reverse. One that raises does not keep the others, and is kept to be stopped again.

    `lost`: a call of the lane was abandoned already, so that it is not worth waiting long for the others.
    """
    stopped = Stopped()
    for hook in reversed(list(hooks)):
        limit = GRACE if lost or stopped.abandoned is not None else deadline
        what = f"stopping {name_of(hook)}"
        again = partial(caller, what, deadline, hook.stop, reason)
        try:
            if not caller.services.dormant.drop(hook):
                await caller(what, limit, hook.stop, reason)
        except Exception as error:  # noqa: BLE001 — the rest must still stop
            fields = caller.services.about(caller.owner)
            log.warning("%s: %s did not stop: %s", caller.owner, name_of(hook), error, extra={"fields": fields})
            caller.keep(what, error, again, hook=hook)
            stopped.add(what, error)
        caller.services.exclusive.release(hook)
    return stopped


def name_of(hook: Hook) -> str:
    """Return what a hook said of itself when it was started, or the name of its class."""
    return hook.described or type(hook).__name__


async def _describe(caller: Caller, hook: Hook, deadline: float) -> None:
    """Ask a hook once what it is, in its lane where the answer is an author's code."""
    kind = type(hook)
    try:
        if kind.__module__.startswith(_OWN):
            text = hook.describe()
        else:
            text = await caller(f"describing {kind.__name__}", deadline, hook.describe)
        hook.described = caller.lane.masked(str(text))[:_LONGEST]
    except DeadlineExceeded:
        raise
    except Exception as error:  # noqa: BLE001 — a name is not worth a hook
        log.warning("%s: %s cannot describe itself: %s", caller.owner, kind.__name__, error)
