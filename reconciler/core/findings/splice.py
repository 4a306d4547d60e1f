"""Edits put into the text of a file: every other byte stays as it is. Pure; knows lines and columns, and no YAML."""

import re
from collections.abc import Iterable, Sequence

from reconciler.model.diagnostic import Edit

_BOM = b"\xef\xbb\xbf"
_BREAK = re.compile(r"\r\n|\r|\n")


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return UTF-8 bytes with `edits` made, whose columns count characters behind a byte order mark.

    Raises ValueError for edits that overlap or that stand outside the text.
    """
    bom = _BOM if data.startswith(_BOM) else b""
    text = data[len(bom) :].decode("utf-8")
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    parts, at = [], 0
    for first, end, new in sorted(_offsets(edits, starts, len(text))):
        if first < at:
            raise ValueError("two edits overlap")
        parts += [text[at:first], new]
        at = end
    return bom + "".join([*parts, text[at:]]).encode("utf-8")


def _offsets(edits: Iterable[Edit], starts: Sequence[int], size: int) -> Iterable[tuple[int, int, str]]:
    for edit in edits:
        if not 1 <= edit.line <= edit.end_line <= len(starts):
            raise ValueError("an edit stands outside the text")
        first, end = starts[edit.line - 1] + edit.column - 1, starts[edit.end_line - 1] + edit.end_column - 1
        if not 0 <= first <= end <= size:
            raise ValueError("an edit stands outside the text")
        yield first, end, edit.text


def overlap(one: Edit, other: Edit) -> bool:
    """Whether two edits change the same text, or begin at the same place."""
    first, second = sorted((one, other), key=begin)
    return begin(second) < (first.end_line, first.end_column) or begin(first) == begin(second)


def begin(edit: Edit) -> tuple[int, int]:
    """Return where an edit begins: its line and column."""
    return edit.line, edit.column
