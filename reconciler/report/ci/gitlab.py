"""GitLab: a Code Quality report, shown in merge requests (https://docs.gitlab.com/ci/testing/code_quality/).

GitLab reads a part of what Code Climate's engines say of an issue. The whole of it is written, so that what reads Code
Climate's reports takes it as well.
"""

import json
from typing import Any

from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic
from reconciler.report.findings.run import Run, fingerprints, told

_SECURITY = frozenset({rules.PLAINTEXT_SECRET})


def render(run: Run) -> str:
    """Return the report, a JSON array."""
    issues = [_issue(found, fingerprint) for found, fingerprint in fingerprints(run.diagnostics)]
    return json.dumps(issues, indent=2) + "\n"


def _issue(found: Diagnostic, fingerprint: str) -> dict[str, Any]:
    return {
        "type": "issue",
        "description": " ".join(told(found).splitlines()),
        "check_name": found.rule,
        "categories": ["Security" if found.rule in _SECURITY else "Bug Risk"],
        "fingerprint": fingerprint,
        "severity": "major" if found.is_error else "minor",
        "location": {"path": found.span.file, "lines": {"begin": found.span.line, "end": found.span.end_line}},
    }
