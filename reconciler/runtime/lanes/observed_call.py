"""Calls into an integration that are seen: counted, timed, and known in the lane, so that `self.log` says whom for.

Everything that calls an integration's code goes through here; the deadlines are `calls.py`'s.
"""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.model.errors import DeadlineExceeded
from reconciler.model.ports import Clock
from reconciler.runtime.lanes.calls import Abandoned, call
from reconciler.runtime.lanes.lane import Lane
from reconciler.runtime.telling.metrics import Metrics

_KINDS = {
    "loading": "load",
    "initialize()": "initialize",
    "shutdown()": "shutdown",
    "config_enabled": "config_enabled",
    "config_changed": "config_changed",
    "config_disabled": "config_disabled",
    "validating": "settings",
    "starting": "hook_start",
    "stopping": "hook_stop",
    "delivering": "deliver",
}


async def observed_call(
    clock: Clock,
    lane: Lane,
    metrics: Metrics,
    about: Mapping[str, Any],
    what: str,
    deadline: float,
    function: Callable[..., Any],
    *args: Any,
) -> Any:
    """Call as `calls.call` does. `about` are the log fields of the call; `what` begins with a word of a few."""
    began, result = clock.monotonic(), "ok"
    lane.awaited += 1
    owner = about.get("config") or about["integration"]
    try:
        return await call(clock, lane, f"{owner}: {what}", deadline, function, *args, about=about)
    except BaseException as error:
        result = _result(error)
        raise
    finally:
        lane.awaited -= 1
        kind = _KINDS.get(what.partition(" ")[0], "other")
        integration = lane.name
        metrics.calls.labels(integration, kind, result).inc()
        metrics.call_seconds.labels(integration, kind).observe(clock.monotonic() - began)


def _result(error: BaseException) -> str:
    if isinstance(error, Abandoned):
        return "abandoned"
    if isinstance(error, DeadlineExceeded):
        return "deadline"
    return "failed" if isinstance(error, Exception) else "cancelled"
