"""Findings for people, in the manner of rustc and ruff: place, rule, message, the line with a caret, help.

Used by `validate`, by one pass, and by whatever prints diagnostics with their sources at hand.
"""

from collections.abc import Callable, Iterable, Iterator

from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.model.rules import PLAINTEXT_SECRET, SECRET_REFERENCE
from reconciler.report.ansi import PLAIN, Palette, printable
from reconciler.report.snippet import snippet, split_lines

Source = Callable[[str], bytes | None]
"""The bytes of a file by the name that spans carry, or None where they cannot be had."""


def _no_source(_file: str) -> bytes | None:
    return None


class TextReport:
    """Renders findings one at a time; the lines of the last file are kept, since findings come sorted by file."""

    def __init__(self, palette: Palette = PLAIN, source: Source = _no_source) -> None:
        self._paint = palette
        self._source = source
        self._file: str | None = None
        self._lines: list[str] = []
        self._secrets: dict[str, list[Span]] = {}

    def render(self, diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
        """Yield one block of text for each finding, ending in a line feed and an empty line."""
        diagnostics = list(diagnostics)
        self._secrets = _secrets(diagnostics)
        for diagnostic in diagnostics:
            yield "\n".join(self._block(diagnostic)) + "\n\n"

    def _block(self, found: Diagnostic) -> Iterator[str]:
        yield headline(found, self._paint)
        gutter = len(str(found.span.line))
        yield from self._snippet(found.span, gutter, found.severity.value)
        for related in found.related:
            yield self._note(gutter, "note", f"{place(related.span)}: {printable(related.message)}")
        if found.help:
            yield self._note(gutter, "help", printable(found.help))

    def _snippet(self, span: Span, gutter: int, severity: str) -> Iterator[str]:
        shown = snippet(self._read(span.file), span, self._secrets.get(span.file, ()))
        if shown is None:
            return
        bar = self._paint.blue("|")
        yield f" {' ' * gutter} {bar}"
        yield f" {self._paint.blue(str(span.line))} {bar} {shown.text}"
        yield f" {' ' * gutter} {bar} {' ' * shown.offset}{self._paint.severity(severity, '^' * shown.length)}"

    def _note(self, gutter: int, kind: str, text: str) -> str:
        return f" {' ' * gutter} {self._paint.blue('=')} {self._paint.bold(kind)}: {text}"

    def _read(self, file: str) -> list[str]:
        if file != self._file:
            data = self._source(file)
            self._file, self._lines = file, split_lines(data) if data else []
        return self._lines


def _secrets(diagnostics: Iterable[Diagnostic]) -> dict[str, list[Span]]:
    """Return where literals stand at the place of secrets, or in references, by file; no snippet may show them."""
    found: dict[str, list[Span]] = {}
    for diagnostic in diagnostics:
        if diagnostic.rule in (PLAINTEXT_SECRET, SECRET_REFERENCE):
            found.setdefault(diagnostic.span.file, []).append(diagnostic.span)
    return found


def place(span: Span) -> str:
    """Return `file:line:column`, safe to print."""
    return f"{printable(span.file)}:{span.line}:{span.column}"


def headline(found: Diagnostic, palette: Palette = PLAIN) -> str:
    """Return `file:line:column: error[rule] message`."""
    label = palette.severity(found.severity.value, f"{found.severity.value}[{found.rule}]")
    return f"{palette.bold(place(found.span))}: {label} {printable(found.message)}"
