"""The component schemas of the OpenAPI document: the shapes of `reconciler.report.items`, of events and of errors."""

from typing import Any

from reconciler.model.diagnostic import Applicability
from reconciler.model.duration import DURATION_PATTERN
from reconciler.model.effect import EffectStatus
from reconciler.model.override import MOST_IDS, MOST_LABELS, MOST_TEXT, InterventionKind, OverrideKind
from reconciler.model.plan import ActionKind, ActionReason
from reconciler.model.state import ConditionType, ConfigState, IntegrationState, Role, Tristate

_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "number"}}


def ref(name: str) -> dict[str, Any]:
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(name: str) -> dict[str, Any]:
    """Return the schema of one page of a list."""
    return _record(format_version={"const": 1}, items=_list(ref(name)), next=_MAYBE_TEXT)


def _record(**properties: Any) -> dict[str, Any]:
    """Return an object that has all of these; later versions may add to it."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _words(values: Any) -> dict[str, Any]:
    return {"enum": [value.value for value in values]}


_PLACE = {
    "file": _TEXT,
    "line": _COUNT,
    "column": _COUNT,
    "end_line": _COUNT,
    "end_column": _COUNT,
    "message": _TEXT,
}
_PATH = _list({"type": ["string", "integer"]})

SCHEMAS: dict[str, Any] = {
    "Error": _record(error=_record(code=_TEXT, message=_TEXT)),
    "Event": {
        "type": "object",
        "description": "A CloudEvent in the JSON format; further attributes are its scope.",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "maxLength": 1024},
            "source": {"type": "string", "minLength": 1, "maxLength": 1024},
            "type": {"type": "string", "minLength": 1, "maxLength": 1024},
            "subject": _MAYBE_TEXT,
            "time": _MAYBE_MOMENT,
            "datacontenttype": _MAYBE_TEXT,
            "dataschema": _MAYBE_TEXT,
            "data": {},
        },
        "additionalProperties": {"type": ["string", "integer", "boolean"]},
    },
    "Receipts": _record(
        format_version={"const": 1}, receipts=_list(_record(sequence={"type": "integer"}, duplicate=_FLAG))
    ),
    "Condition": _record(
        type=_words(ConditionType), status=_words(Tristate), reason=_TEXT, message=_TEXT, since=_MAYBE_MOMENT
    ),
    "Diagnostic": _record(
        rule=_TEXT,
        severity={"enum": ["error", "warning"]},
        message=_TEXT,
        help=_TEXT,
        file=_TEXT,
        line=_COUNT,
        column=_COUNT,
        end_line=_COUNT,
        end_column=_COUNT,
        path=_PATH,
        related=_list(_record(**_PLACE)),
        fix={"anyOf": [ref("Fix"), {"type": "null"}]},
    ),
    "Fix": _record(
        message=_TEXT,
        applicability=_words(Applicability),
        edits=_list(_record(line=_COUNT, column=_COUNT, end_line=_COUNT, end_column=_COUNT, text=_TEXT)),
    ),
    "Effect": _record(key=_TEXT, status=_words(EffectStatus), handle={}, since=_MAYBE_MOMENT),
    "Backlog": _record(pending=_COUNT, next_attempt=_MAYBE_MOMENT),
    "Panel": _record(owner=_TEXT, title=_TEXT, html=_TEXT, data={}, error=_TEXT),
    "Config": _record(
        id=_TEXT,
        integration=_TEXT,
        name=_TEXT,
        description=_TEXT,
        enabled=_FLAG,
        state=_words(ConfigState),
        reason=_TEXT,
        message=_TEXT,
        stale=_FLAG,
        digest=_MAYBE_TEXT,
        desired_digest=_MAYBE_TEXT,
        file=_TEXT,
        line=_COUNT,
        labels={"type": "object", "additionalProperties": _TEXT},
        scope={"type": "object", "additionalProperties": _list(_TEXT)},
        hooks=_list(_TEXT),
        effects=_list(ref("Effect")),
        deliveries={"anyOf": [ref("Backlog"), {"type": "null"}]},
        conditions=_list(ref("Condition")),
        diagnostics=_list(ref("Diagnostic")),
        overrides=_list(ref("Override")),
    ),
    "Integration": _record(
        id=_TEXT,
        name=_TEXT,
        description=_TEXT,
        state=_words(IntegrationState),
        reason=_TEXT,
        message=_TEXT,
        configs=_COUNT,
        hooks=_list(_TEXT),
        effects=_list(ref("Effect")),
        conditions=_list(ref("Condition")),
    ),
    "Status": _record(
        format_version={"const": 1},
        version=_TEXT,
        root=_TEXT,
        state_dir=_TEXT,
        started=_MOMENT,
        ready=_FLAG,
        passes=_COUNT,
        last_pass=_MAYBE_MOMENT,
        held_digest=_MAYBE_TEXT,
        held=_COUNT,
        configs=_COUNTS,
        integrations=_COUNTS,
        stale=_COUNT,
        queue=_COUNTS,
        alarms=_list(_TEXT),
        overrides=_list(ref("Override")),
        role=_words(Role),
        runner={"type": ["integer", "null"]},
        stale_configs=_list(_record(id=_TEXT, reason=_TEXT, message=_TEXT, file=_MAYBE_TEXT)),
    ),
    "Action": _record(
        kind=_words(ActionKind),
        key=_TEXT,
        reason=_words(ActionReason),
        old_digest=_MAYBE_TEXT,
        new_digest=_MAYBE_TEXT,
        held=_FLAG,
        suspended=_FLAG,
        waits=_TEXT,
        changes=_list(_record(path=_PATH, kind={"enum": ["added", "removed", "changed"]}, old={}, new={})),
    ),
    "Plan": _record(
        format_version={"const": 1}, actions=_list(ref("Action")), held_digest=_MAYBE_TEXT, summary=_COUNTS
    ),
    "Pass": _record(
        kind={"const": "pass"},
        number=_COUNT,
        started=_MOMENT,
        seconds={"type": "number"},
        trigger=_TEXT,
        files=_COUNT,
        configs=_COUNT,
        held=_COUNT,
        errors=_COUNT,
        actions=_list({"type": "object"}),
    ),
    "Intervention": _record(
        kind={"const": "intervention"},
        action=_words(InterventionKind),
        target=_TEXT,
        who=_TEXT,
        at=_MOMENT,
        reason=_TEXT,
        until=_MAYBE_MOMENT,
        detail=_TEXT,
    ),
    "Entry": {"oneOf": [ref("Pass"), ref("Intervention")], "discriminator": {"propertyName": "kind"}},
    "Override": _record(
        kind=_words(OverrideKind),
        selected=_TEXT,
        selector=_record(
            ids=_list(_TEXT),
            labels={"type": "object", "additionalProperties": _TEXT},
            integration=_MAYBE_TEXT,
            all=_FLAG,
        ),
        who=_TEXT,
        reason=_TEXT,
        since=_MOMENT,
        until=_MAYBE_MOMENT,
        drop=_FLAG,
    ),
    "OverrideRequest": {
        "type": "object",
        "required": ["kind", "selector"],
        "additionalProperties": False,
        "properties": {
            "kind": _words(OverrideKind),
            "selector": {
                "type": "object",
                "description": "Every part that is given must hold; at least one, or `all`.",
                "additionalProperties": False,
                "properties": {
                    "ids": {
                        "type": "array",
                        "maxItems": MOST_IDS,
                        "items": {"type": "string", "pattern": "^[^/]+/.+$"},
                    },
                    "labels": {"type": "object", "maxProperties": MOST_LABELS, "additionalProperties": _TEXT},
                    "integration": _MAYBE_TEXT,
                    "all": _FLAG,
                },
            },
            "for": {
                "type": ["string", "null"],
                "pattern": DURATION_PATTERN,
                "description": "At most 30d; without it, it lasts until it is resumed.",
            },
            "reason": {"type": "string", "maxLength": MOST_TEXT},
            "drop": {"type": "boolean", "default": False, "description": "Only for a pause."},
        },
    },
}
