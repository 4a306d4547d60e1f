"""The names in a log record, one for each idea: what `--log-format json` writes, and what docs/running.md lists.

A module puts them into a record as `extra={"fields": {…}}`. A name that is not here ends up beneath `extra`, so that
what an integration says of itself can take no name of ours.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.model.plan import Outcome
from reconciler.report.story.daemon_event import DaemonEvent, Invalid, Passed, Settled, Valid

ALWAYS = ("timestamp", "level", "logger", "message")
"""What every record has."""

FIELDS: Mapping[str, str] = {
    "pass": "the number of the pass that asked for this work, as in `reconcile history`",
    "trigger": "what made that pass look",
    "integration": "the integration that it concerns",
    "config": "the configuration that it concerns",
    "action": "what was to be done",
    "reason": "why",
    "status": "what came of it: `applied`, `failed`, `waiting`",
    "delivery": "the delivery's idempotency key: the same in every attempt, and what the destination is sent",
    "event_id": "the event's `id` of CloudEvents",
    "event_type": "the event's `type`",
    "attempt": "which attempt at the delivery this was, from 1",
    "outcome": "what came of the attempt: `done`, `retry`, `fallback`, `dead`, `expired`",
    "duration_seconds": "how long it took",
    "error": "why it failed",
    "detail": "the whole of what the daemon tells, under its kind in `event`",
    "extra": "what the code of an integration added",
    "traceback": "where an unexpected exception came from",
}


def story_fields(event: DaemonEvent) -> dict[str, Any]:
    """Return the fields of what the daemon tells, so that its story is found by the same names as other records."""
    match event:
        case Settled(Outcome(action, status, message, seconds)):
            more = {} if status == "applied" else {"error": message}
            done = {"action": action.kind.value, "reason": action.reason.value, "status": status.value}
            number = {"pass": event.number} if event.number is not None else {}
            return number | _key(action.key) | done | {"duration_seconds": round(seconds, 6)} | more
        case Passed(record):
            seconds = round(record.seconds, 6)
            return {"pass": record.number, "trigger": record.trigger, "duration_seconds": seconds}
        case Invalid() | Valid():
            return _key(event.key)
        case _:
            return {}


def _key(key: str) -> dict[str, Any]:
    return {"integration": key.partition("/")[0]} | ({"config": key} if "/" in key else {})
