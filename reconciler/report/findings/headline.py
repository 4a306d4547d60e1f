"""A finding in one line, and its place: for whatever tells findings without the lines of the file that they are in."""

from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.report.ansi import PLAIN, Palette, printable


def place(span: Span) -> str:
    """Return `file:line:column`, safe to print."""
    return f"{printable(span.file)}:{span.line}:{span.column}"


def headline(found: Diagnostic, palette: Palette = PLAIN, *, mark: bool = False) -> str:
    """Return `file:line:column: error[rule] message`, with `[*]` before the message of what `--fix` fixes if `mark`."""
    label = palette.severity(found.severity.value, f"{found.severity.value}[{found.rule}]")
    if mark and found.is_fixable:
        label = f"{label} {palette.cyan('[*]')}"
    return f"{palette.bold(place(found.span))}: {label} {printable(found.message)}"
