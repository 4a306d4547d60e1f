"""SARIF 2.1.0, as GitHub code scanning and most viewers read it (OASIS, Static Analysis Results Interchange Format)."""

import json
from typing import Any
from urllib.parse import quote

from reconciler._version import __version__
from reconciler.model.diagnostic import Diagnostic, Edit, Fix, Span
from reconciler.report.findings.run import Run, fingerprints
from reconciler.report.rules.pages import rule_page

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"


def render(run: Run) -> str:
    """Return the log, one JSON object."""
    rules = sorted({found.rule for found in run.diagnostics})
    index = {rule: number for number, rule in enumerate(rules)}
    results = [_result(found, index[found.rule], name) for found, name in fingerprints(run.diagnostics)]
    driver = {"name": "reconcile", "semanticVersion": __version__, "rules": [_rule(rule) for rule in rules]}
    log = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [log]}, indent=2) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    page = rule_page(rule)
    if page is None:
        told = {"text": rule}  # GitHub refuses a rule without `help`
        return {"id": rule, "shortDescription": told, "fullDescription": told, "help": told}
    return {
        "id": rule,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.why.replace("\n", " ")},
        "help": {"text": f"{page.why}\n\n{page.how}", "markdown": page.markdown},
        "defaultConfiguration": {"level": page.severity},
    }


def _result(found: Diagnostic, index: int, fingerprint: str) -> dict[str, Any]:
    text = f"{found.message}\n{found.help}" if found.help else found.message
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": found.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(found.span)}],
        "partialFingerprints": {"reconcileFinding/v1": fingerprint},
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": one.message}, "physicalLocation": _place(one.span)}
            for number, one in enumerate(found.related, start=1)
        ]
    if found.fix is not None:
        result["fixes"] = [_fix(found.fix, found.span.file)]
    return result


def _fix(fix: Fix, file: str) -> dict[str, Any]:
    replacements = [{"deletedRegion": _region(edit), "insertedContent": {"text": edit.text}} for edit in fix.edits]
    change = {"artifactLocation": _location(file), "replacements": replacements}
    return {"description": {"text": fix.message}, "artifactChanges": [change]}


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _location(span.file), "region": _region(span)}


def _region(of: Span | Edit) -> dict[str, Any]:
    return {
        "startLine": of.line,
        "startColumn": of.column,
        "endLine": max(of.end_line, of.line),
        "endColumn": of.end_column if of.end_line > of.line else max(of.end_column, of.column),
    }


def _location(file: str) -> dict[str, Any]:
    return {"uri": _uri(file), "uriBaseId": _ROOT}


def _uri(file: str) -> str:
    """Return a relative URI reference; the bytes of a name that is not UTF-8 are kept."""
    return quote(file.encode("utf-8", "surrogateescape"))
