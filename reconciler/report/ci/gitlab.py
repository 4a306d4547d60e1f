"""GitLab: a Code Quality report, shown in merge requests (https://docs.gitlab.com/ci/testing/code_quality/)."""

import json

from reconciler.report.findings.run import Run, fingerprints, told


def render(run: Run) -> str:
    """Return the report, a JSON array."""
    return (
        json.dumps(
            [
                {
                    "description": told(found),
                    "check_name": found.rule,
                    "fingerprint": fingerprint,
                    "severity": "major" if found.is_error else "minor",
                    "location": {
                        "path": found.span.file,
                        "lines": {"begin": found.span.line, "end": found.span.end_line},
                    },
                }
                for found, fingerprint in fingerprints(run.diagnostics)
            ],
            indent=2,
        )
        + "\n"
    )
