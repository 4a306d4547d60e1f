"""TaskHook: a background task that lives as long as its owner, and is started again when it fails."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial

from reconciler.core.backoff import Backoff
from reconciler.core.retry_after import asked_to_wait
from reconciler.model.errors import HookError, TerminalError
from reconciler.model.ports import Disposer, HookHost, StopReason, Where
from reconciler.sdk.hooks.base import Hook, HookOwner, hook_set_of
from reconciler.sdk.hooks.in_flight import InFlight

_BACKOFF = Backoff()
_STEADY = 300.0
"""A task that ran this long, in seconds, was well: its next failure is again its first."""


class TaskHook(Hook):
    """Run `run()`, an `async def`, in the owner's lane, in one process of the host.

    When it raises, it is reported and started again: 1 s, doubled up to 5 minutes, full jitter, or what TransientError
    says. A TerminalError ends it until the owner changes; returning ends it too. `stop` cancels it and waits for its
    end. `name` is for messages, and tells the tasks of one owner apart.
    """

    where = Where.RUNNER

    def __init__(self, owner: HookOwner, run: Callable[[], Awaitable[None]], *, name: str = "") -> None:
        self.run = run
        self.name = _distinct(owner, name or getattr(run, "__name__", type(run).__name__))
        self.exclusive = f"task:{hook_set_of(owner).owner_key}:{self.name}"
        self._calls = InFlight()
        self._dispose: Disposer | None = None
        self._lost = False
        super().__init__(owner)

    def start(self, host: HookHost) -> None:
        """Begin."""
        self._calls.open()
        self._lost = False
        self._dispose = host.spawn(self.name, partial(self._supervise, host))

    def stop(self, reason: StopReason) -> None:  # noqa: ARG002 — the same for each
        """Cancel and wait for the end; a `def`, so that it may block its thread.

        Raises HookError when the task ignores its cancellation.
        """
        self._calls.close()
        dispose, self._dispose = self._dispose, None
        if dispose is not None:
            dispose()
        if self._calls.wait():
            raise HookError(f"{self.describe()}: the task ignores its cancellation")

    def is_alive(self) -> bool:
        """Whether the task goes on, or has ended by itself; not when somebody but `stop` cancelled it."""
        return self._dispose is not None and not self._lost

    def describe(self) -> str:
        """Return its name."""
        return f"TaskHook {self.name}"

    async def _supervise(self, host: HookHost) -> None:
        if not self._calls.enter():
            return
        try:
            failures = 0
            while True:
                began = host.clock.monotonic()
                error = await self._run_once()
                if error is None:
                    return
                host.report(self.describe(), error)
                if isinstance(error, TerminalError):
                    return
                failures = 1 if host.clock.monotonic() - began >= _STEADY else failures + 1
                await host.clock.sleep(_delay(error, failures, host.clock.time()))
        except BaseException:
            self._lost = True
            raise
        finally:
            self._calls.leave()

    async def _run_once(self) -> BaseException | None:
        """Run and return what it raised. Being cancelled by `stop` goes on up; a stray CancelledError is a failure."""
        try:
            await self.run()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return error
        except BaseException as error:  # noqa: BLE001 — a SystemExit must not end the lane
            return error
        return None


def _distinct(owner: HookOwner, name: str) -> str:
    """Return `name`, or `name-2` and so on when a task of the owner has it already."""
    taken = {hook.name for hook in hook_set_of(owner).hooks if isinstance(hook, TaskHook)}
    number = 2
    distinct = name
    while distinct in taken:
        distinct, number = f"{name}-{number}", number + 1
    return distinct


def _delay(error: BaseException, failures: int, now: float) -> float:
    wait = asked_to_wait(error, now)
    if wait is not None:
        return wait
    return _BACKOFF.delay(failures, random.random())  # noqa: S311 — jitter is not a secret
