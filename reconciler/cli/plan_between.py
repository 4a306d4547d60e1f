"""`reconcile plan --from … --to …`, once its arguments are read: compare, report in each format, exit code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reconciler.cli.console import fail, out
from reconciler.cli.engine_options import engine_options
from reconciler.cli.showing.findings import findings_text
from reconciler.cli.showing.plan_reports import Reports
from reconciler.compose.offline.between import BetweenReport, plan_between
from reconciler.config.places import display_path
from reconciler.core.plan.guard import PruneLimit
from reconciler.report.change.item import comparison_item, revision_item
from reconciler.report.places import relocate


def between(
    values: dict[str, Any], sides: tuple[str, str], prune_limit: str, reports: Reports, *, exit_code: bool
) -> int:
    """Report what the step from one commit to the other does; 1 for new errors, or for changes if `exit_code`."""
    try:
        PruneLimit.parse(prune_limit)
    except ValueError as error:
        fail(f"--prune-limit: {error}")
    report = plan_between(replace(engine_options(values), prune_limit=prune_limit), *sides)
    folder = display_path(Path(values["dir"]))
    found = relocate(report.diagnostics, folder)
    if reports.for_people and found:
        out(findings_text(found, _source(report, folder)))
    plan = comparison_item(
        report.comparison,
        (revision_item(report.before.named, report.before.id), revision_item(report.after.named, report.after.id)),
        folder, found, report.known, report.notes,
    )  # fmt: skip
    reports.write(plan)
    return int(any(one.is_error for one in found) or (exit_code and bool(plan["actions"])))


def _source(report: BetweenReport, folder: str) -> Callable[[str], bytes | None]:
    """Return what gives the lines that the second commit has, which need not be on disk."""
    prefix = "" if folder in {"", "."} else f"{folder}/"
    return lambda file: report.source(file.removeprefix(prefix))
