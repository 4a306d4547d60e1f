"""reviewdog's JSON (the Reviewdog Diagnostic Format), in which columns count bytes of UTF-8."""

import json
from typing import Any

from reconciler.model.diagnostic import Diagnostic, Edit, Span
from reconciler.report.findings.run import Run, told
from reconciler.report.findings.snippet import split_lines

_SEVERITIES = {"error": "ERROR", "warning": "WARNING"}


def render(run: Run) -> str:
    """Return the result, one JSON object."""
    columns = _Columns(run)
    found = [_diagnostic(one, columns) for one in run.diagnostics]
    return json.dumps({"source": {"name": "reconcile"}, "diagnostics": found}, indent=2) + "\n"


def _diagnostic(found: Diagnostic, columns: "_Columns") -> dict[str, Any]:
    item: dict[str, Any] = {
        "message": told(found),
        "location": columns.location(found.span),
        "severity": _SEVERITIES[found.severity.value],
        "code": {"value": found.rule},
    }
    if found.related:
        item["related_locations"] = [
            {"message": one.message, "location": columns.location(one.span)} for one in found.related
        ]
    if found.fix is not None and len(found.fix.edits) == 1:  # each suggestion is taken by itself
        (edit,) = found.fix.edits
        item["suggestions"] = [{"range": columns.range(found.span.file, edit), "text": edit.text}]
    return item


class _Columns:
    """Turns columns that count characters into columns that count bytes, reading each file once."""

    def __init__(self, run: Run) -> None:
        self._source = run.source
        self._lines: dict[str, list[str]] = {}

    def location(self, span: Span) -> dict[str, Any]:
        return {"path": span.file, "range": self.range(span.file, span)}

    def range(self, file: str, of: Span | Edit) -> dict[str, Any]:
        start = {"line": of.line, "column": self._bytes(file, of.line, of.column)}
        return {"start": start, "end": {"line": of.end_line, "column": self._bytes(file, of.end_line, of.end_column)}}

    def _bytes(self, file: str, line: int, column: int) -> int:
        lines = self._lines.get(file)
        if lines is None:
            data = self._source(file)
            lines = self._lines[file] = split_lines(data) if data else []
        before = lines[line - 1][: column - 1] if line <= len(lines) else ""
        return column + len(before.encode("utf-8", "replace")) - len(before)
