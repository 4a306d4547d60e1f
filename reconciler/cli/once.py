"""Bare `reconcile`: one pass in a throwaway state directory, which tries a deployment out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.console import out, palette
from reconciler.cli.engine_options import engine_options
from reconciler.cli.logs import configure_logging, unhandled_in_the_log
from reconciler.cli.showing.findings import findings_text
from reconciler.report.ansi import printable
from reconciler.report.count import count
from reconciler.report.places import relocate
from reconciler.report.story.narrate import outcome_lines

if TYPE_CHECKING:
    from reconciler.compose.once import OnceReport


def once(values: dict[str, Any]) -> int:
    """Make the pass, print findings, what was done and what it came to; returns the exit code."""
    options = engine_options(values)
    level = "error" if values["log_level"] == "info" else values["log_level"]
    configure_logging(values["log_format"], level, masked=options.revealed.masked)
    from reconciler.compose.once import run_once
    from reconciler.config.places import display_prefix

    with unhandled_in_the_log():
        report = run_once(options)
    _print(report, display_prefix(Path(values["dir"])))
    return report.exit_code


def _print(report: "OnceReport", root: str) -> None:
    paint = palette()
    out(findings_text(relocate(report.diagnostics, root)))
    places = {
        status.id: f"{printable(str(Path(root, status.file)))}:{status.line}"
        for status in report.configs
        if status.file
    }
    for outcome in report.outcomes:
        out("".join(f"{line}\n" for line in outcome_lines(outcome, places.get(outcome.action.key, ""), paint)))
    active = sum(status.state.value == "active" for status in report.configs)
    sign = paint.red("✗") if report.exit_code else paint.green("✓")
    errors = sum(found.is_error for found in report.diagnostics)
    found = f", {count(errors, 'error')}" if errors else ""
    out(f"{sign} one pass: {active} of {count(len(report.configs), 'configuration')} active{found}, all shut down\n")
