"""From JSON back to values: what a daemon's answer says of a finding, for the text report."""

from collections.abc import Mapping
from typing import Any

from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span


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
    )


def _related(item: Mapping[str, Any]) -> Related:
    line, column = item["line"], item["column"]
    # A daemon of an older version does not say where the place ends.
    end_line, end_column = item.get("end_line", line), item.get("end_column", column + 1)
    return Related(Span(item["file"], line, column, end_line, end_column), item["message"])
