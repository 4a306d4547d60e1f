"""From JSON back to values: what a daemon's answer says of a finding, for the text report."""

from collections.abc import Mapping
from typing import Any

from reconciler.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Related, Severity, Span


def diagnostic_of(item: Mapping[str, Any]) -> Diagnostic:
    """Return the finding that `items.diagnostic_item` wrote."""
    return Diagnostic(
        rule=item["rule"],
        severity=Severity(item["severity"]),
        message=item["message"],
        span=Span(item["file"], item["line"], item["column"], item["end_line"], item["end_column"]),
        help=item["help"],
        path=tuple(item["path"]),
        related=tuple(_related(one) for one in item["related"]),
        fix=_fix(item["fix"]) if item.get("fix") is not None else None,  # an older daemon knows none
    )


def _fix(item: Mapping[str, Any]) -> Fix:
    edits = tuple(
        Edit(one["line"], one["column"], one["end_line"], one["end_column"], one["text"]) for one in item["edits"]
    )
    return Fix(item["message"], edits, Applicability(item["applicability"]))


def _related(item: Mapping[str, Any]) -> Related:
    line, column = item["line"], item["column"]
    # A daemon of an older version does not say where the place ends.
    end_line, end_column = item.get("end_line", line), item.get("end_column", column + 1)
    return Related(Span(item["file"], line, column, end_line, end_column), item["message"])
