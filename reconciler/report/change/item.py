"""The JSON form of the plan between two commits: that of a daemon's plan, and what only a change can tell.

The renderers beside this take it, and the plan of a daemon as well, which has fewer keys.
"""

from collections.abc import Sequence
from typing import Any

from reconciler.core.plan.comparison import Comparison, ConfigChange
from reconciler.model.diagnostic import Diagnostic
from reconciler.report.items import change_item, diagnostic_item, plan_item


def revision_item(named: str, commit: str) -> dict[str, Any]:
    """Return one side of the change: what the user wrote, and the commit that it is."""
    return {"revision": named, "commit": commit}


def comparison_item(
    comparison: Comparison,
    sides: tuple[dict[str, Any], dict[str, Any]],
    directory: str,
    diagnostics: Sequence[Diagnostic],
    known_errors: int,
    notes: Sequence[str],
) -> dict[str, Any]:
    """Return the whole report; `directory` is where the files of `configs` are, relative to where the user stands."""
    verdict = comparison.verdict
    return {
        **plan_item(comparison.plan),
        "from": sides[0],
        "to": sides[1],
        "directory": directory,
        "guard": {"held": len(verdict.held), "reason": verdict.reason} if verdict.held else None,
        "configs": [_config(one) for one in comparison.configs],
        "diagnostics": [diagnostic_item(found) for found in diagnostics],
        "known_errors": known_errors,
        "notes": list(notes),
    }


def _config(change: ConfigChange) -> dict[str, Any]:
    return {
        "id": change.id,
        "change": change.kind.value,
        "file": change.file,
        "old_file": change.old_file,
        "line": change.line,
        "enabled": change.enabled,
        "presence": change.presence.value,
        "keeps_old": change.keeps,
        "held": change.held,
        "changes": [change_item(one) for one in change.changes],
    }
