"""A run of test cases as JSON."""

from typing import Any

from reconciler.core.cases.differences import ABSENT
from reconciler.core.cases.expect import Failure
from reconciler.core.cases.result import CaseResult, CaseRun, Status
from reconciler.model.case import Case
from reconciler.report.cases.text import failure_lines
from reconciler.report.findings.json_report import render_json
from reconciler.report.items import FORMAT_VERSION, diagnostic_item


def render(run: CaseRun) -> str:
    """Return the document."""
    return render_json(
        {
            "format_version": FORMAT_VERSION,
            "cases": [_case(result) for result in run.results],
            "diagnostics": [diagnostic_item(found) for found in run.diagnostics],
            "stale": run.stale,
            "written": run.written,
            "invalid_files": run.invalid,
            "coverage": {"configs": len(run.enabled), "not_reached": run.unreached},
            "summary": {
                "files": run.files,
                "cases": len(run.results),
                **{status.value: run.count(status) for status in Status},
                "errors": run.errors,
                "seconds": round(run.seconds, 6),
            },
        }
    )


def _case(result: CaseResult) -> dict[str, Any]:
    case = result.case
    return {
        "name": case.name,
        "file": case.file,
        "line": case.span.line,
        "status": result.status.value,
        "skip": case.skip,
        "seconds": round(result.seconds, 6),
        "failures": [_failure(case, one) for one in result.failures],
    }


def _failure(case: Case, failure: Failure) -> dict[str, Any]:
    event = case.events[failure.event] if failure.event is not None else None
    return {
        "kind": failure.kind.value,
        "config": failure.config_id,
        "event": None if event is None else {"index": failure.event, "type": event.type, "id": event.id},
        "message": "\n".join(failure_lines(case, failure)),
        "differences": [
            {"path": list(one.path), "expected": _side(one.wanted), "found": _side(one.found)}
            for one in failure.differences
        ],
    }


def _side(value: Any) -> dict[str, Any]:
    """Return a value, or the mark of none, so that null and nothing are told apart."""
    return {"present": False} if value is ABSENT else {"present": True, "value": value}
