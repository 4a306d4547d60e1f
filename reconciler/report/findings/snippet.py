"""The line of a file that a finding speaks of, with a caret under the place: aligned, cropped, made safe.

Pure: takes text, gives text. The text report calls it; nobody else does.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from reconciler.model.diagnostic import Span
from reconciler.report.ansi import printable

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what libyaml takes for line breaks, whose marks we show
WIDTH = 100
"""How many columns of a line are shown at most."""
_LEAD = 40
_TAB = "    "


class Snippet(Struct, frozen=True):
    """One line as shown, and where the caret's underline stands in it, both in terminal columns."""

    text: str
    offset: int
    length: int


def split_lines(data: bytes) -> list[str]:
    """Return the lines of a file as the reader counts them; bytes that are not UTF-8 are replaced."""
    return _BREAK.split(data.decode("utf-8-sig", "replace"))


def snippet(lines: Sequence[str], span: Span) -> Snippet | None:
    """Return what to show for `span`, or None where the file has no such line, or an empty one.

    The lines are shown as they are: mask before what must not be seen (`masking`).
    """
    if not 1 <= span.line <= len(lines):
        return None
    line = lines[span.line - 1]
    start = min(max(span.column - 1, 0), len(line))
    stop = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    stop = min(max(stop, start + 1), max(len(line), start + 1))
    if not line.strip() or line.count("\0") * 3 > len(line):  # UTF-16: nobody can read that
        return None
    return _crop(line, start, stop)


def _crop(line: str, start: int, stop: int) -> Snippet:
    """Show the part around the caret: a line of a megabyte costs no more than a short one."""
    first = max(0, start - _LEAD) if len(line) > WIDTH else 0
    head, tail = ("…" if first else ""), line[first : first + WIDTH]
    rest = "…" if first + WIDTH < len(line) else ""
    before, marked = _shown(line[first:start]), _shown(line[start : min(stop, first + WIDTH)])
    return Snippet(head + _shown(tail) + rest, len(head) + width(before), max(1, width(marked)))


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def width(text: str) -> int:
    """Return how many terminal columns `text` takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
