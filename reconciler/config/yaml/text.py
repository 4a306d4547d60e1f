"""From a file's bytes to text: what cannot be read as UTF-8 YAML at all, with its place.

It knows lines and columns, and nothing of YAML's grammar. Called by `reader`, and by `messages` for places.
"""

import re
from typing import Final

from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity, Span

_UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")
MAX_BYTES: Final = 1 << 20
_BREAK = re.compile(r"\r\n|\r|\n")
_NAMES = {"\x85": "next line", "\u2028": "line separator", "\u2029": "paragraph separator"}
_FOREIGN_BREAK = re.compile(f"[{''.join(_NAMES)}]")


def split_lines(text: str) -> list[str]:
    """Return the lines of `text` without their breaks."""
    return _BREAK.split(text)


def place(text: str, index: int, file: str) -> Span:
    """Return the span of the character at `index`."""
    lines = split_lines(text[:index])
    return Span(file, len(lines), len(lines[-1]) + 1, len(lines), len(lines[-1]) + 2)


def refuse(data: bytes, file: str) -> Diagnostic | None:
    """Return what keeps these bytes from being read, or None."""
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes: expected at most {MAX_BYTES:,}"
        return _error(rules.FILE_TOO_LARGE, message, Span(file), "split it into several files")
    if data.find(b"\0") >= 0:
        return _binary(data, file)
    if data.isascii():
        return None
    if data.startswith(_UTF_16_BOMS):
        return _binary(data, file)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        span = place(data[: error.start].decode("utf-8"), error.start, file)
        return _error(
            rules.ENCODING, f"the byte 0x{data[error.start]:02x} is not UTF-8", span, "save the file as UTF-8"
        )
    return _foreign_break(text, file)


def _binary(data: bytes, file: str) -> Diagnostic:
    """Tell UTF-16 and UTF-32, where every second byte or more is NUL, from a stray NUL."""
    if data.startswith(_UTF_16_BOMS) or data.count(b"\0") * 3 > len(data):
        message = "the file is UTF-16 or UTF-32: expected UTF-8"
        return _error(rules.ENCODING, message, Span(file), "save the file as UTF-8")
    at = data.index(b"\0")
    before = data[:at].decode("utf-8", "replace")
    return _error(rules.ENCODING, "the file holds a NUL character", place(before, len(before), file), "remove it")


def _foreign_break(text: str, file: str) -> Diagnostic | None:
    """Refuse what libyaml takes for a line break and YAML 1.2 does not: the two would read different values."""
    found = _FOREIGN_BREAK.search(text)
    if found is None:
        return None
    character = found.group()
    message = f"the file holds U+{ord(character):04X} ({_NAMES[character]}), which is a line break to some readers only"
    help_text = f'remove it, or write it as "\\u{ord(character):04x}" in double quotes'
    return _error(rules.ENCODING, message, place(text, found.start(), file), help_text)


def _error(rule: str, message: str, span: Span, help_text: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, message, span, help_text)
