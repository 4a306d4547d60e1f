"""Findings as JSON in their one published form, as written by `validate --format json` and by the API."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.model.diagnostic import Diagnostic
from reconciler.report.findings.run import Run
from reconciler.report.findings.summary import Summary
from reconciler.report.items import FORMAT_VERSION, diagnostic_item

SCHEMA = Path(__file__).with_name("report.schema.json")
"""The published JSON Schema of the report, which `reconcile schema --report` prints."""


def json_value(diagnostics: Sequence[Diagnostic], summary: Summary) -> dict[str, Any]:
    """Return `format_version`, `diagnostics` and `summary`."""
    return {
        "format_version": FORMAT_VERSION,
        "diagnostics": [diagnostic_item(d) for d in diagnostics],
        "summary": summary.as_json(),
    }


def render(run: Run) -> str:
    """Return the report of a run of validation."""
    return render_json(json_value(run.diagnostics, run.summary))


def render_json(value: Any) -> str:
    """Return `value` as indented JSON, safe to print and to encode, with a line feed at the end.

    ASCII alone: control characters, and the surrogates of a file name that is not UTF-8, stand as escapes.
    """
    return json.dumps(value, indent=2) + "\n"
