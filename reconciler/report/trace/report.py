"""What `reconcile trace` has found, as values: for the text, and as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from reconciler.core.filter.explain import Explanation
from reconciler.core.routing.trace import Verdict
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.event import Event
from reconciler.model.rehearsal import Rehearsed, message_value
from reconciler.report.items import FORMAT_VERSION, diagnostic_item


class TraceEntry(Struct, frozen=True):
    """One configuration: the verdict, where its file stands, and what would be sent where that was rehearsed."""

    verdict: Verdict
    file: str = ""
    line: int = 0
    rehearsed: Rehearsed | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class TraceReport(Struct, frozen=True):
    """The way of one event. `others` counts, by way, the configurations that are not among `entries`.

    `nearest` is a type that somebody asks for, where nobody asks for the event's; `invalid` are files with errors.
    """

    event: Event
    entries: Sequence[TraceEntry]
    total: int
    receivers: int
    others: Counter[str] = field(default_factory=Counter)
    nearest: str = ""
    invalid: Sequence[str] = ()


def trace_item(report: TraceReport) -> dict[str, Any]:
    """Return the report as JSON."""
    return {
        "format_version": FORMAT_VERSION,
        "event": report.event.as_json(),
        "configs": [_entry(entry) for entry in report.entries],
        "others": dict(sorted(report.others.items())),
        "invalid_files": list(report.invalid),
        "summary": {"configs": report.total, "receive": report.receivers},
    }


def _entry(entry: TraceEntry) -> dict[str, Any]:
    found = entry.verdict
    item: dict[str, Any] = {
        "id": found.config_id,
        "result": found.way.value,
        "file": entry.file,
        "line": entry.line,
        "types": list(found.types),
        "filters": [
            {"index": one.index, "type": one.type, "when": None if one.when is None else explanation_item(one.when)}
            for one in found.filters
        ],
        "scope": [{"key": one.key, "allowed": list(one.allowed), "found": one.found} for one in found.missed],
    }
    if entry.diagnostics:
        item["diagnostics"] = [diagnostic_item(one) for one in entry.diagnostics]
    return item | ({"would_send": rehearsed_item(entry.rehearsed)} if entry.rehearsed is not None else {})


def explanation_item(found: Explanation) -> dict[str, Any]:
    """Return what a `when` says of an event, as JSON."""
    return {
        "expression": found.text,
        "result": found.truth.value,
        "error": found.error,
        "reasons": [
            {
                "expression": one.text,
                "result": one.truth.value,
                "error": one.error,
                "values": [{"expression": seen.text, "value": seen.value} for seen in one.seen],
            }
            for one in found.reasons
        ],
    }


def rehearsed_item(found: Rehearsed) -> dict[str, Any]:
    """Return what would be sent, as JSON."""
    return {
        "message": message_value(found.message),
        "sent": list(found.sent),
        "published": list(found.published),
        "error": found.error,
        "note": found.note,
    }
