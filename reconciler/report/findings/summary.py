"""What a run of validation comes to: four counts, and the one line that says them."""

from collections.abc import Sequence
from typing import NamedTuple

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.report.ansi import PLAIN, Palette
from reconciler.report.count import count


class Summary(NamedTuple):
    """The counts of one run: files read, configurations found, findings by severity, and what became of them.

    `tests` of the files are test files, which hold no configurations.
    `fixable` of the findings `--fix` would fix; `fixed` are gone already. `secrets` are the references that were
    tried, None where nobody asked for it.
    """

    files: int
    configs: int
    errors: int
    warnings: int
    fixable: int = 0
    fixed: int = 0
    secrets: int | None = None
    tests: int = 0

    def as_json(self) -> dict[str, int]:
        """Return the counts by their names, without those that nobody asked for."""
        return {name: number for name, number in self._asdict().items() if number is not None}


def summarize(
    diagnostics: Sequence[Diagnostic],
    files: int,
    configs: int,
    fixed: int = 0,
    secrets: int | None = None,
    tests: int = 0,
) -> Summary:
    """Count the findings."""
    errors = sum(d.severity is Severity.ERROR for d in diagnostics)
    fixable = sum(d.is_fixable for d in diagnostics)
    return Summary(files, configs, errors, len(diagnostics) - errors, fixable, fixed, secrets, tests)


def summary_line(summary: Summary, palette: Palette = PLAIN) -> str:
    """Return the line that ends a report, with its line feed."""
    checked = _looked_at(summary)
    if summary.secrets is not None:
        checked += f", {count(summary.secrets, 'secret reference')} tried"
    found = [count(n, noun) for n, noun in ((summary.errors, "error"), (summary.warnings, "warning")) if n]
    fixed = f", {summary.fixed:,} fixed" if summary.fixed else ""
    if not found:
        return f"{palette.green('✓')} {checked}: no findings{' left' if fixed else ''}{fixed}\n"
    mark = palette.red("✗") if summary.errors else palette.yellow("!")
    fixable = f" ({summary.fixable:,} fixable with --fix)" if summary.fixable else ""
    return f"{mark} {checked}: {', '.join(found)}{fixable}{fixed}\n"


def _looked_at(summary: Summary) -> str:
    """Name configurations with the files that they may stand in, and test files by themselves."""
    files, tests = summary.files - summary.tests, count(summary.tests, "test file")
    if not files and summary.tests:
        return tests
    configs = f"{count(summary.configs, 'configuration')} in {count(files, 'file')}"
    return f"{configs}, {tests}" if summary.tests else configs
