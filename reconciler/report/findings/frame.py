"""The frame of a finding: the lines that it speaks of, each with its place underlined, as rustc draws them. Pure.

The primary place is underlined with `^`, others with `-` and what they are; lines of one file stand together in their
order, `...` for what is left out between them. `text.py` calls this.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.report.ansi import Palette, printable
from reconciler.report.findings.headline import place
from reconciler.report.findings.snippet import Snippet, snippet

_OF_THE_WHOLE_FILE = frozenset({rules.UNREADABLE_FILE, rules.FILE_NAME, rules.FILE_TOO_LARGE})
"""No line says more of these, and what a link leads to outside the directory is not to be shown."""
_MOST: int = 8
"""How many other places are shown with their lines; the rest is counted."""


class _Mark(Struct, frozen=True):
    """One underlined place: its label, and the sign and colour of its underline."""

    span: Span
    shown: Snippet
    label: str
    severity: str


class Frame:
    """Draws the places of one finding; `lines` gives the masked lines of a file."""

    def __init__(self, paint: Palette, lines: Callable[[str], Sequence[str]]) -> None:
        self._paint = paint
        self._lines = lines

    def draw(self, found: Diagnostic) -> Iterator[str]:
        """Yield the lines of the frame and the notes below it, each without its line feed."""
        related = found.related[:_MOST]
        marks = list(self._marks(found))
        gutter = max([len(str(found.span.line)), *(len(str(mark.span.line)) for mark in marks)])
        files = list(dict.fromkeys([found.span.file, *(mark.span.file for mark in marks)]))
        for file in files:
            here = sorted((mark for mark in marks if mark.span.file == file), key=lambda mark: mark.span.line)
            if not here:
                continue
            if file != found.span.file:
                yield f" {' ' * gutter}{self._paint.blue(':::')} {place(here[0].span)}"
            yield from self._file(here, gutter)
        drawn = {mark.span for mark in marks}
        for one in related:
            if one.span not in drawn:
                yield note(self._paint, gutter, "note", f"{place(one.span)}: {printable(one.message)}")
        if len(found.related) > _MOST:
            yield note(self._paint, gutter, "note", f"and at {len(found.related) - _MOST:,} more places")
        if found.help:
            yield note(self._paint, gutter, "help", printable(found.help))

    def _marks(self, found: Diagnostic) -> Iterator[_Mark]:
        if found.rule in _OF_THE_WHOLE_FILE:
            return
        places = [(found.span, "", found.severity.value)]
        places += [(one.span, one.message, "") for one in found.related[:_MOST]]
        for span, label, severity in places:
            shown = snippet(self._lines(span.file), span)
            if shown is not None:
                yield _Mark(span, shown, label, severity)

    def _file(self, marks: Sequence[_Mark], gutter: int) -> Iterator[str]:
        bar = self._paint.blue("|")
        yield f" {' ' * gutter} {bar}"
        last, text = 0, ""
        for mark in marks:
            number = mark.span.line
            if number != last or mark.shown.text != text:
                if last and number > last + 1:
                    yield self._paint.blue("...")
                yield f" {self._paint.blue(str(number).rjust(gutter))} {bar} {mark.shown.text}"
            last, text = number, mark.shown.text
            yield f" {' ' * gutter} {bar} {' ' * mark.shown.offset}{self._underline(mark)}"

    def _underline(self, mark: _Mark) -> str:
        if mark.severity:
            return self._paint.severity(mark.severity, "^" * mark.shown.length)
        label = f" {printable(mark.label)}" if mark.label else ""
        return self._paint.blue(f"{'-' * mark.shown.length}{label}")


def note(paint: Palette, gutter: int, kind: str, text: str) -> str:
    """Return a line below the frame, such as `= help: …`."""
    return f" {' ' * gutter} {paint.blue('=')} {paint.bold(kind)}: {text}"
