"""How the value of a secret may stand in a text: whole or in lines, escaped for a URL or JSON, within base64. Pure.

`pieces` says what of a value is looked for, `Trace` finds one piece. Looking for thousands must not take longer than
looking for one, so every piece has *anchors*: few characters of which one stands wherever the piece does.
"""

import json
import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.model.secret import SHORTEST

_LONGEST: Final = 256
"""A longer line is looked for in parts of this length."""
_TARGET: Final = 16
"""How long the path of an address is at least, for it to be looked for without what stands before it."""
RUNS: Final = re.compile(rf"[A-Za-z0-9]{{{SHORTEST},}}")
"""What no spelling changes but base64: anchors are taken from there, as long as the shortest value."""
_SOME: Final = 16
"""At how many places of a piece an anchor is looked for which few others have."""
_LINES: Final = re.compile(r"[\r\n]+")
_ESCAPED_LINES: Final = re.compile(r"(?:[\r\n]|\\n|\\r)+")
_UNITS: Final = re.compile(r"\\+|.", re.DOTALL)
_NESTED: Final = 8
"""How many backslashes escaping again and again puts before one character, or makes of one backslash."""
_ARMOUR: Final = "-----"
_ADDRESS: Final = re.compile(r"[A-Za-z][\w+.-]*://(?:([^/?#@\s]*)@)?[^/?#\s]*(\S*)")
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_URL_SAFE: Final = str.maketrans("+/", "-_")
_SURROGATES: Final = "surrogatepass"


def pieces(value: str) -> list[str]:
    """Return what of a value is looked for, each at least SHORTEST characters long; nothing where it is too short.

    Every line by itself, since indented or quoted text keeps lines alone (but not the frame of a PEM file, which
    everybody's has); of an address also its password, and its path and query.
    """
    text = value.strip()
    bare = text.strip("\"'")  # around what a file of variables was to set
    text = bare if len(bare) >= SHORTEST else text
    lines = (_ESCAPED_LINES if _ARMOUR in text else _LINES).split(text)
    found = [line for one in lines if len(line := one.strip()) >= SHORTEST and not line.startswith(_ARMOUR)]
    if not found and len(text) >= SHORTEST:
        found = [text]
    found += [part for line in found for part in _parts(line)]
    return list(dict.fromkeys(part for line in found for part in _bounded(line)))


def _parts(line: str) -> Iterator[str]:
    address = _ADDRESS.match(line)
    if address is None:
        return
    from urllib.parse import unquote

    user, target = address[1] or "", address[2]
    password = unquote(user.partition(":")[2] or user)
    if len(password) >= SHORTEST:
        yield password
    if len(target) >= _TARGET:
        yield target


def _bounded(line: str) -> Iterator[str]:
    for start in range(0, len(line), _LONGEST):
        end = min(start + _LONGEST, len(line))
        yield line[max(0, min(start, end - SHORTEST)) : end]


class Trace:
    """One piece, and where it stands in a text."""

    __slots__ = ("_compiled", "_piece")

    def __init__(self, piece: str) -> None:
        self._piece = piece
        self._compiled: re.Pattern[str] | None = None

    @property
    def anchors(self) -> list[Iterable[str]]:
        """SHORTEST characters each. Of each iterable, which can be gone through once, any one is enough.

        Out of runs of letters and digits where there is one, else of any kind.
        """
        texts = [self._piece] if RUNS.search(self._piece) else _spelled(self._piece)
        return [choice for text in (*texts, *_in_base64(self._piece)) for choice in _choices(text)]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the begin and end of every place in `text`, in any spelling."""
        if self._compiled is None:  # hardly any value is ever told
            self._compiled = self._pattern()
        return (found.span() for found in self._compiled.finditer(text))

    def _pattern(self) -> re.Pattern[str]:
        plain = "".join(map(_any_spelling, _UNITS.findall(self._piece)))
        encoded = "|".join(text.replace("+", "[+-]").replace("/", "[/_]") for text in _in_base64(self._piece))
        return re.compile(f"{plain}|(?:{encoded})(?:[A-Za-z0-9+/_-]?={{1,2}})?")


def _choices(text: str) -> Iterator[Iterable[str]]:
    """Yield the choices of anchors for one spelling: out of its runs, or else each of its ends."""
    runs = RUNS.findall(text)
    if runs:
        yield _within(text, runs)
        return
    for one in {text, text.translate(_URL_SAFE)}:
        yield from ((one[:SHORTEST],), (one[-SHORTEST:],))


def _within(text: str, runs: Sequence[str]) -> Iterator[str]:
    """Yield the ends of runs, the last first, since secrets of one kind begin alike, and then more, here and there."""
    for run in reversed(runs[-_SOME:]):
        yield run[-SHORTEST:]
    for start in range(len(text) - SHORTEST, -1, -max(1, len(text) // _SOME)):
        if RUNS.match(text, start, start + SHORTEST):
            yield text[start : start + SHORTEST]


def _spelled(piece: str) -> Iterator[str]:
    from urllib.parse import quote, quote_plus

    quoted, escaped = quote(piece, safe="", errors=_SURROGATES), json.dumps(piece)[1:-1]
    lower = re.sub("%..", lambda found: found[0].lower(), quoted)
    yield from (piece, quoted, lower, quote(piece, errors=_SURROGATES), escaped, json.dumps(escaped)[1:-1])
    yield from (quote_plus(piece, errors=_SURROGATES), json.dumps(piece, ensure_ascii=False)[1:-1])
    yield from (repr(piece)[1:-1], piece.translate(_HTML))
    yield repr(piece.encode("utf-8", _SURROGATES))[2:-1]


def _in_base64(piece: str) -> Iterator[str]:
    """Yield the characters that `piece` alone decides, for each of the three ways to stand among other bytes."""
    data = piece.encode("utf-8", _SURROGATES)
    for shift in range(3):
        encoded = b2a_base64(bytes(shift) + data, newline=False).decode()
        yield encoded[(shift * 8 + 5) // 6 : (shift + len(data)) * 8 // 6]


def _any_spelling(unit: str) -> str:
    """Return a pattern for a character or some backslashes, as they are or escaped: for a URL, JSON, Python, HTML.

    No two alternatives match the same, and its quantifiers are possessive and bounded: what is looked through takes
    time in proportion to its length.
    """
    if unit in _PLAIN:
        return unit
    if unit[0] == "\\":
        return rf"(?:\\{{{len(unit)},{len(unit) * _NESTED}}}+|(?i:(?:%5c){{{len(unit)}}}))"
    data, code, before = unit.encode("utf-8", _SURROGATES), ord(unit), rf"\\{{0,{_NESTED}}}+"
    quoted = "".join(f"%{byte:02x}" for byte in data)
    in_bytes = "".join(rf"{before}x{byte:02x}" for byte in data)
    in_json = "".join(f"{before}{part}" for part in json.dumps(unit)[1:-1].split("\\") if part not in ("", unit))
    in_html = "&apos;" if unit == "'" else unit.translate(_HTML)
    spellings = [
        f"{before}{re.escape(unit)}",
        f"(?i:{quoted}|{in_bytes}|&#(?:0{{0,8}}{code}|x0{{0,8}}{code:x});{f'|{in_json}' if in_json else ''})",
        *([re.escape(in_html)] if in_html[1:] else []),
        *([r"\+"] if unit == " " else []),
    ]
    return f"(?:{'|'.join(spellings)})"
