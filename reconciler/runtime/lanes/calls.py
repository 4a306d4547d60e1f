"""Calls into an integration: each has a deadline; what hangs is cancelled, then abandoned with its lane.

Called on the engine's loop. Exceptions of the integration's code come back as they are; SystemExit and other
BaseExceptions come back as TransientError, so that nothing of theirs ends the engine.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from inspect import iscoroutinefunction
from typing import Any

from reconciler.model.errors import DeadlineExceeded, TerminalError, TransientError
from reconciler.model.ports import Clock
from reconciler.runtime.lanes.lane import Lane

GRACE = 1.0
"""How long a cancelled call may take to end before its lane is disowned, in seconds."""


class Abandoned(DeadlineExceeded):
    """The call ignored its cancellation: the lane it runs on, and the instance, are lost."""

    def __init__(self, message: str, lane: Lane) -> None:
        super().__init__(message)
        self.lane = lane


async def call(
    clock: Clock,
    lane: Lane,
    what: str,
    deadline: float,
    function: Callable[..., Any],
    *args: Any,
    about: Mapping[str, Any] | None = None,
) -> Any:
    """Run `function(*args)` in `lane` and return its result.

    `deadline` is in seconds; `what` names the call in messages, and `about` in the integration's own log records.
    Raises what the function raises, DeadlineExceeded when it had to be cancelled, Abandoned when even that did not end
    it.
    """
    running = lane.submit(function, *args, about=about)
    try:
        if await finished(clock, running.future, deadline):
            return _result(what, running.future)
    except asyncio.CancelledError:
        running.cancel()
        raise
    running.cancel()
    if await finished(clock, running.future, GRACE):
        raise DeadlineExceeded(f"{what} did not return within {deadline:g} s and was cancelled")
    blocks = " (an `async def` must not block: await, or make it a `def`)" if iscoroutinefunction(function) else ""
    message = f"{what} did not return within {deadline:g} s, ignored its cancellation and was abandoned{blocks}"
    raise Abandoned(message, lane)


def _result(what: str, future: "Future[Any]") -> Any:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, Exception):
        raise tellable(error)
    raise TransientError(f"{what} raised {type(error).__name__}: {tellable(error)}") from error


def tellable(error: BaseException) -> BaseException:
    """Return `error`, or one that steers alike where its text cannot be had or stored.

    Whoever tells of it, or writes it down, must not fail in its stead.
    """
    try:
        text = str(error)
        text.encode()
    except UnicodeEncodeError:  # half a surrogate, out of somebody's JSON
        text = text.encode("utf-8", "backslashreplace").decode()
    except Exception:  # noqa: BLE001 — its `__str__` is anybody's code
        text = f"{type(error).__name__}, which does not say more"
    else:
        return error
    told: Exception = TransientError(text, retry_after=getattr(error, "retry_after", None))
    if isinstance(error, TerminalError):
        told = TerminalError(text)
    told.__cause__ = error
    return told


async def finished(clock: Clock, future: "Future[Any]", seconds: float) -> bool:
    """Wait until `future` is done, at most `seconds` by the clock; never raises what the future holds."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def end(_: object = None) -> None:
        if not over.done():
            over.set_result(None)

    def wake(_: "Future[Any]") -> None:
        try:
            loop.call_soon_threadsafe(end)
        except RuntimeError:  # the engine's loop is closed: nobody waits any more
            return

    future.add_done_callback(wake)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    timer.add_done_callback(end)
    try:
        await over
    finally:
        timer.cancel()
    return future.done()
