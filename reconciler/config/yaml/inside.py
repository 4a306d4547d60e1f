"""Places inside of a scalar: which character of the file is the n-th of a string's value, whatever its style.

Quotes, escapes, folded lines and the indentation of blocks are in the file and not in the value. Called for findings
alone, through `RawDocument.inside`; where it cannot be told for certain, the whole scalar stands for its part.
"""

import re
from typing import Any, Final

from reconciler.model.diagnostic import Span

_BREAKS: Final = "\n\r\x85\u2028\u2029"
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_SPACE: Final = frozenset(f" \t{_BREAKS}")
_HEX: Final = {"x": 2, "u": 4, "U": 8}


def inside(text: str, node: Any, start: int, end: int, file: str) -> Span | None:
    """Return where the characters `start` to `end` of a scalar's value stand; None where that cannot be told.

    `text` is what the node's marks count in. An end that stands on a later line is cut off at the end of the first.
    """
    places = _places(text, node)
    if places is None or not 0 <= start <= len(node.value):
        return None
    last = max(start, min(end, len(node.value)) - 1)
    first_at = places[start]
    line, column = _line_and_column(text, node.start_mark, first_at)
    end_line, end_column = _line_and_column(text, node.start_mark, places[last])
    if end_line != line:
        found = _BREAK.search(text, first_at)
        end_column = column + (len(text) if found is None else found.start()) - first_at
    else:
        end_column += _width(text, places[last], places[last + 1] if last + 1 < len(places) else len(text))
    return Span(file, line, column, line, max(end_column, column + 1))


def _width(text: str, at: int, following: int) -> int:
    """Return how many characters of the file one of the value takes: an escape has several."""
    return following - at if text[at : at + 1] == "\\" and not _BREAK.search(text, at, following) else 1


def _places(text: str, node: Any) -> list[int] | None:
    """Return the index in `text` of each character of the value, and that of where it ends."""
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        return _block(text, start, end, node.value)
    if node.style in ("'", '"'):
        return _flow(text, start + 1, end - 1, node.value, node.style)
    return _flow(text, start, end, node.value, "")


def _block(text: str, start: int, end: int, value: str) -> list[int] | None:
    """Match what is not white space: it is in the file as it is in the value, in the same order."""
    header = _BREAK.search(text, start, end)
    at = end if header is None else header.end()
    places: list[int] = []
    for character in value:
        if character in _SPACE:
            places.append(at)
            at += at < end and text[at] in " \t" and character in " \t"
            continue
        while at < end and text[at] in _SPACE:
            at += 1
        if at >= end or text[at] != character:
            return None
        places.append(at)
        at += 1
    return [*places, at] if all(one in _SPACE for one in text[at:end]) else None


def _flow(text: str, start: int, end: int, value: str, quote: str) -> list[int] | None:
    """Walk a plain or quoted scalar as YAML reads it; None where that does not give the value."""
    made: list[str] = []
    places: list[int] = []
    at = start
    while at < end:
        character, step = text[at], 1
        if character in _SPACE:
            character, step = _white(text, at, end)
        elif quote == "'" and character == "'":
            step = 2
        elif quote == '"' and character == "\\":
            escape = _escape(text, at, end)
            if escape is None:
                return None
            character, step = escape
        made.append(character)
        places += [at] * len(character)
        at += step
    return [*places, end] if "".join(made) == value else None


def _white(text: str, at: int, end: int) -> tuple[str, int]:
    """Return what a run of white space gives, and its length: lines are folded."""
    stop = at
    while stop < end and text[stop] in _SPACE:
        stop += 1
    breaks = len(_BREAK.findall(text, at, stop))
    if not breaks:
        return text[at], 1
    return ("\n" * (breaks - 1) or " "), stop - at


def _escape(text: str, at: int, end: int) -> tuple[str, int] | None:
    kind = text[at + 1 : at + 2]
    if kind and kind in _BREAKS:  # an escaped line break gives nothing, nor does what leads the next line
        stop = at + 1
        while stop < end and text[stop] in _SPACE:
            stop += 1
        return "\n" * (len(_BREAK.findall(text, at, stop)) - 1), stop - at
    if kind in _HEX:
        digits = text[at + 2 : at + 2 + _HEX[kind]]
        try:
            return chr(int(digits, 16)), 2 + len(digits)
        except (ValueError, OverflowError):
            return None
    character = _ESCAPES.get(kind)
    return None if character is None else (character, 2)


def _line_and_column(text: str, mark: Any, at: int) -> tuple[int, int]:
    """Return the line and the column, from 1, of an index at or behind a mark."""
    line, begin = mark.line + 1, mark.index - mark.column
    for found in _BREAK.finditer(text, mark.index, at):
        if found.end() > at:
            break
        line, begin = line + 1, found.end()
    return line, at - begin + 1


_ESCAPES: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
