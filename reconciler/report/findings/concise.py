"""Findings one to a line, for editors, grep and long lists."""

from collections.abc import Iterable, Iterator

from reconciler.model.diagnostic import Diagnostic
from reconciler.report.ansi import PLAIN, Palette, printable
from reconciler.report.findings.headline import headline


def render_concise(diagnostics: Iterable[Diagnostic], palette: Palette = PLAIN) -> Iterator[str]:
    """Yield `file:line:column: error[rule] message (help)` for each finding, with its line feed."""
    for found in diagnostics:
        help_text = f" ({printable(found.help)})" if found.help else ""
        yield f"{headline(found, palette, mark=True)}{palette.dim(help_text)}\n"
