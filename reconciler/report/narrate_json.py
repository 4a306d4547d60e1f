"""What the daemon says, as JSON objects: the events of `narrate` for `--log-format json`."""

from dataclasses import fields
from typing import Any

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Outcome, Plan
from reconciler.model.state import PassRecord
from reconciler.report.daemon_event import DaemonEvent
from reconciler.report.items import action_item, diagnostic_item, pass_item, plan_item

_UNSAID = frozenset({"sign_in"})  # a link that signs in is a secret once it stands in a log


def narrate_json(event: DaemonEvent) -> dict[str, Any]:
    """Return `event` as a JSON object: `event`, its kind in lower case, and its fields. A sign-in link is left out."""
    said = {one.name: _plain(getattr(event, one.name)) for one in fields(event) if one.name not in _UNSAID}
    return {"event": type(event).__name__.lower(), **said}


def _plain(value: Any) -> Any:
    match value:
        case Diagnostic():
            return diagnostic_item(value)
        case Plan():
            return plan_item(value)
        case PassRecord():
            return pass_item(value)
        case Outcome(action, status, message, seconds):
            return {**action_item(action), "status": status.value, "message": message, "seconds": seconds}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value
