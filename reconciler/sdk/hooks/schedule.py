"""ScheduleHook: the owner's code runs by the clock. When an occurrence is due is decided in `timetable.py`."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from reconciler.model.errors import HookError, UndeclaredHook
from reconciler.model.ports import Disposer, HookHost, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner, hook_set_of
from reconciler.sdk.hooks.in_flight import InFlight
from reconciler.sdk.hooks.timetable import Ticker, Timetable


class ScheduleHook(Hook):
    """Call `run()` at each occurrence of `cron` in `timezone`; it may be `def` or `async def`.

    It runs in one process of the host, under the delivery deadline, never beside itself: occurrences that come
    while it runs are made up for once. What it raises is reported, and the schedule goes on. Raises UndeclaredHook
    when the manifest declares no schedule `name`, TerminalError when `cron` or `timezone` is not one.
    """

    where = Where.RUNNER

    def __init__(
        self, owner: HookOwner, name: str, cron: str, run: Callable[[], Any], *, timezone: str = "UTC"
    ) -> None:
        declared = [schedule.name for schedule in hook_set_of(owner).descriptor.schedules]
        if name not in declared:
            raise UndeclaredHook(
                f"{hook_set_of(owner).owner_key}: the schedule {name!r} is not in the manifest's `schedules` "
                f"(declared: {', '.join(declared) or 'none'})"
            )
        self.name = name
        self.run = run
        self.exclusive = f"schedule:{hook_set_of(owner).owner_key}:{name}"
        self._timetable = Timetable(cron, timezone)
        self._calls = InFlight()
        self._dispose: Disposer | None = None
        self._running: Future[Any] | None = None
        self._watching = False
        super().__init__(owner)

    def start(self, host: HookHost) -> None:
        """Begin to watch the clock."""
        self._calls.open()
        self._watching = True
        self._dispose = host.spawn(f"schedule {self.name}", partial(self._watch, host))

    def stop(self, reason: StopReason) -> None:  # noqa: ARG002 — the same for each
        """Cease, and wait for a run under way; a `def`, so that it may block its thread.

        A run that takes longer is cancelled, and HookError raised.
        """
        self._calls.close()
        dispose, self._dispose = self._dispose, None
        if dispose is not None:
            dispose()
        if self._calls.wait():
            if self._running is not None:
                self._running.cancel()
            raise HookError(f"{self.describe()}: a run did not return and was cancelled")

    def is_alive(self) -> bool:
        """Whether somebody watches the clock for it."""
        return self._calls.is_open and self._watching

    def describe(self) -> str:
        """Return its name, expression and zone."""
        return f"ScheduleHook {self.name} ({self._timetable.cron}, {self._timetable.timezone})"

    async def _watch(self, host: HookHost) -> None:
        clock = host.clock
        ticker = Ticker(self._timetable, clock.time(), clock.monotonic())
        try:
            while True:
                await clock.sleep(ticker.pause(clock.time()))
                if ticker.look(clock.time(), clock.monotonic()):
                    await self._fire(host)
        finally:
            self._watching = False

    async def _fire(self, host: HookHost) -> None:
        """Run once. `stop` cancels the watching alone, so the run is shielded and reports for itself."""
        if not self._calls.enter():
            return
        try:
            self._running = host.call(self.run)
        except Exception as error:  # noqa: BLE001 — the engine stops
            self._calls.leave()
            host.report(self.describe(), error)
            return
        self._running.add_done_callback(lambda future: self._ended(host, future))
        await asyncio.wait([asyncio.wrap_future(_outcome(self._running))])

    def _ended(self, host: HookHost, future: "Future[Any]") -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            host.report(self.describe(), error)
        self._calls.leave()


def _outcome(future: "Future[Any]") -> "Future[None]":
    """Return a future that is done when `future` is, and whose cancellation leaves `future` alone."""
    done: Future[None] = Future()
    future.add_done_callback(lambda _: done.set_result(None) if done.set_running_or_notify_cancel() else None)
    return done
