"""What a run of validation comes to: four counts, and the one line that says them."""

from collections.abc import Sequence
from typing import NamedTuple

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.report.ansi import PLAIN, Palette


class Summary(NamedTuple):
    """The counts of one run: files read, configurations found, findings by severity."""

    files: int
    configs: int
    errors: int
    warnings: int


def summarize(diagnostics: Sequence[Diagnostic], files: int, configs: int) -> Summary:
    """Count the findings."""
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    return Summary(files, configs, errors, len(diagnostics) - errors)


def count(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def summary_line(summary: Summary, palette: Palette = PLAIN) -> str:
    """Return the line that ends a report, with its line feed."""
    checked = f"{count(summary.configs, 'configuration')} in {count(summary.files, 'file')}"
    found = [count(n, noun) for n, noun in ((summary.errors, "error"), (summary.warnings, "warning")) if n]
    if not found:
        return f"{palette.green('✓')} {checked}: no findings\n"
    mark = palette.red("✗") if summary.errors else palette.yellow("!")
    return f"{mark} {checked}: {', '.join(found)}\n"
