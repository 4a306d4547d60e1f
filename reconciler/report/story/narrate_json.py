"""What the daemon says, as JSON objects: the events of `narrate` for `--log-format json`."""

from collections.abc import Callable
from typing import Any

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.override import Intervention, Override
from reconciler.model.plan import Outcome, Plan
from reconciler.model.state import PassRecord
from reconciler.report.items import (
    action_item,
    diagnostic_item,
    intervention_item,
    override_item,
    pass_item,
    plan_item,
)
from reconciler.report.story.daemon_event import DaemonEvent

_UNSAID = frozenset({"sign_in"})  # a link that signs in is a secret once it stands in a log


def narrate_json(event: DaemonEvent) -> dict[str, Any]:
    """Return `event` as a JSON object: `event`, its kind in lower case, and its fields. A sign-in link is left out."""
    said = {name: _plain(getattr(event, name)) for name in event.__struct_fields__ if name not in _UNSAID}
    return {"event": type(event).__name__.lower(), **said}


def _plain(value: Any) -> Any:
    for kind, form in _FORMS:
        if isinstance(value, kind):
            return form(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _outcome_item(outcome: Outcome) -> dict[str, Any]:
    said = {"status": outcome.status.value, "message": outcome.message, "seconds": outcome.seconds}
    return {**action_item(outcome.action), **said}


_FORMS: tuple[tuple[type, Callable[[Any], dict[str, Any]]], ...] = (
    (Diagnostic, diagnostic_item),
    (Plan, plan_item),
    (PassRecord, pass_item),
    (Outcome, _outcome_item),
    (Intervention, intervention_item),
    (Override, override_item),
)
