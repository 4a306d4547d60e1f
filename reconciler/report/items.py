"""The JSON form of statuses, plans, passes and diagnostics: one shape for the API and for `-o json`."""

import heapq
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict, replace

from reconciler.model.delivery import Backlog
from reconciler.model.diagnostic import Diagnostic, Fix
from reconciler.model.effect import EffectRow
from reconciler.model.override import Intervention, Override
from reconciler.model.panel import PanelView
from reconciler.model.plan import Action, FieldChange, Plan
from reconciler.model.state import Condition, ConfigStatus, EngineStatus, IntegrationStatus, PassRecord

FORMAT_VERSION = 1
"""The `format_version` of every JSON that this package writes."""


def moment(seconds: float | None) -> str | None:
    """Return seconds since the epoch as an RFC 3339 time in UTC, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def diagnostic_item(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic in the form of `validate --format json`."""
    span = diagnostic.span
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "path": list(diagnostic.path),
        "related": [
            {
                "file": one.span.file,
                "line": one.span.line,
                "column": one.span.column,
                "end_line": one.span.end_line,
                "end_column": one.span.end_column,
                "message": one.message,
            }
            for one in diagnostic.related
        ],
        "fix": None if diagnostic.fix is None else fix_item(diagnostic.fix),
    }


def fix_item(fix: Fix) -> dict[str, Any]:
    """Return a fix: what it writes, how sure it is, and its edits, from 1 and with the end exclusive."""
    return {
        "message": fix.message,
        "applicability": fix.applicability.value,
        "edits": [asdict(edit) for edit in fix.edits],
    }


def condition_item(condition: Condition) -> dict[str, Any]:
    """Return a condition."""
    return {
        "type": condition.type.value,
        "status": condition.status.value,
        "reason": condition.reason,
        "message": condition.message,
        "since": moment(condition.since),
    }


def effect_item(row: EffectRow) -> dict[str, Any]:
    """Return one row of the inventory of effects outside the process."""
    return {"key": row.key, "status": row.status.value, "handle": row.handle, "since": moment(row.since)}


def panel_item(panel: PanelView) -> dict[str, Any]:
    """Return a rendered panel in the form of `GET /api/v1/integrations/{id}/panels`."""
    return {
        "owner": panel.owner,
        "title": panel.title,
        "html": panel.html,
        "data": panel.data,
        "error": panel.error,
    }


def backlog_item(backlog: Backlog) -> dict[str, Any]:
    """Return how many deliveries wait for a configuration, and when the next attempt is."""
    return {"pending": backlog.pending, "next_attempt": moment(backlog.next_attempt)}


def config_item(status: ConfigStatus, backlog: Backlog | None = None) -> dict[str, Any]:
    """Return a configuration's status in the form of `GET /api/v1/configs`; `backlog` is None where nobody knows it."""
    return {
        "id": status.id,
        "integration": status.integration,
        "name": status.name,
        "description": status.description,
        "enabled": status.enabled,
        "state": status.state.value,
        "reason": status.reason.value,
        "message": status.message,
        "stale": status.stale,
        "digest": status.digest,
        "desired_digest": status.desired_digest,
        "file": status.file,
        "line": status.line,
        "labels": dict(status.labels),
        "scope": {key: list(values) for key, values in status.scope.items()},
        "hooks": list(status.hooks),
        "effects": [effect_item(row) for row in status.effects],
        "deliveries": backlog_item(backlog) if backlog is not None else None,
        "conditions": [condition_item(c) for c in status.conditions],
        "diagnostics": [diagnostic_item(d) for d in status.diagnostics],
        "overrides": [override_item(one) for one in status.overrides],
    }


def integration_item(status: IntegrationStatus) -> dict[str, Any]:
    """Return an integration's status in the form of `GET /api/v1/integrations`."""
    return {
        "id": status.id,
        "name": status.name,
        "description": status.description,
        "state": status.state.value,
        "reason": status.reason.value,
        "message": status.message,
        "configs": status.configs,
        "hooks": list(status.hooks),
        "effects": [effect_item(row) for row in status.effects],
        "conditions": [condition_item(c) for c in status.conditions],
    }


def status_item(status: EngineStatus) -> dict[str, Any]:
    """Return the engine's status in the form of `GET /api/v1/status`."""
    item = asdict(replace(status, overrides=()))
    item["started"] = moment(status.started)
    item["last_pass"] = moment(status.last_pass)
    item["alarms"] = list(status.alarms)
    item["queue"] = {name: n if name == "oldest_seconds" else int(n) for name, n in status.queue.items()}
    item["overrides"] = [override_item(one, configs) for one, configs in status.overrides]
    item["role"] = status.role.value
    item["stale_configs"] = [
        {"id": one.id, "reason": one.reason.value, "message": one.message, "file": one.file}
        for one in status.stale_configs
    ]
    return {"format_version": FORMAT_VERSION, **item}


def action_item(action: Action) -> dict[str, Any]:
    """Return one action of a plan."""
    return {
        "kind": action.kind.value,
        "key": action.key,
        "reason": action.reason.value,
        "old_digest": action.old_digest,
        "new_digest": action.new_digest,
        "held": action.held,
        "suspended": action.suspended,
        "waits": action.waits,
        "changes": [change_item(one) for one in action.changes],
    }


def change_item(change: FieldChange) -> dict[str, Any]:
    """Return one changed field."""
    return {"path": list(change.path), "kind": change.kind, "old": change.old, "new": change.new}


def plan_item(plan: Plan) -> dict[str, Any]:
    """Return a plan in the form of `GET /api/v1/plan`."""
    counts: dict[str, int] = {}
    for action in plan.actions:
        counts[action.kind.value] = counts.get(action.kind.value, 0) + 1
    return {
        "format_version": FORMAT_VERSION,
        "actions": [action_item(a) for a in plan.actions],
        "held_digest": plan.digest if plan.held else None,
        "summary": counts,
    }


def pass_item(record: PassRecord) -> dict[str, Any]:
    """Return one pass in the form of `GET /api/v1/history`."""
    return {
        "kind": "pass",
        "number": record.number,
        "started": moment(record.started),
        "seconds": record.seconds,
        "trigger": record.trigger,
        "files": record.files,
        "configs": record.configs,
        "held": record.held,
        "errors": record.errors,
        "actions": [dict(a) for a in record.actions],
    }


def override_item(override: Override, configs: int | None = None) -> dict[str, Any]:
    """Return an override; `configs` is how many configurations it concerns now, where that was counted.

    `selected` is the selector as it is written on the command line; `until` is null where it has no end.
    """
    selector = override.selector
    counted = {"configs": configs} if configs is not None else {}
    return {
        "kind": override.kind.value,
        "selected": str(selector),
        "selector": {
            "ids": list(selector.ids),
            "labels": dict(selector.labels),
            "integration": selector.integration,
            "all": not (selector.ids or selector.labels or selector.integration),
        },
        "who": override.who,
        "reason": override.reason,
        "since": moment(override.since),
        "until": moment(override.until),
        "drop": override.drop,
        **counted,
    }


def intervention_item(done: Intervention) -> dict[str, Any]:
    """Return what somebody did, or what ran out, in the form of `GET /api/v1/history`."""
    return {
        "kind": "intervention",
        "action": done.kind.value,
        "target": done.target,
        "who": done.who,
        "at": moment(done.at),
        "reason": done.reason,
        "until": moment(done.until),
        "detail": done.detail,
    }


def history_items(passes: Iterable[PassRecord], done: Iterable[Intervention]) -> list[dict[str, Any]]:
    """Return passes and interventions, each newest first, as one list by time; each keeps its own order."""
    dated = (
        [(record.started, pass_item(record)) for record in passes],
        [(one.at, intervention_item(one)) for one in done],
    )
    return [item for _, item in heapq.merge(*dated, key=lambda pair: -pair[0])]
