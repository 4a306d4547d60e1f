"""Writes JSON values as YAML that people like to read and that reads back equal. Not a dumper of anything else.

Block style, a text of several lines as one, quotes where the core schema or an older YAML would take a text for
something else. Called for `new config`, for `-o yaml` and by tests.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

from reconciler.config.yaml.scalars import CONSTANTS, MAX_DIGITS

_OLD_CONSTANTS = frozenset({"yes", "no", "on", "off", "y", "n", "null", "true", "false"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_KEY = 1000
"""libyaml looks 1,024 characters ahead for the colon; a longer key needs the explicit form, `? key`."""


def write_yaml(value: Any) -> str:
    """Return `value`, ending with a line feed.

    Raises ValueError for what no reader of YAML or JSON would take back (a float that is not finite, an integer of
    more than 100 digits, half a surrogate pair) and TypeError for what is not JSON.
    """
    lines = _block(value, 0) if _is_block(value) else [_scalar(value)]
    return "\n".join(lines) + "\n"


def _block(value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of a list or a mapping that is not empty, each begun with `indent` spaces."""
    pad = " " * indent
    if isinstance(value, list):
        for item in value:
            first, *rest = _item(item, indent)
            yield f"{pad}- {first}"
            yield from rest
        return
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(f"expected a string for a key, found {type(key).__name__}")
        written = _text(key)
        if len(written) > _LONGEST_KEY:
            yield f"{pad}? {written}"
            written = pad
        else:
            written = pad + written
        if _is_block(item):
            yield f"{written}:"
            yield from _block(item, indent + 2)
            continue
        first, *rest = _item(item, indent)
        yield f"{written}: {first}"
        yield from rest


def _item(value: Any, indent: int) -> Iterator[str]:
    """Yield a value to stand behind `- ` or `key: `: its first line bare, the others indented."""
    if _is_block(value):
        first, *rest = _block(value, indent + 2)
        yield first[indent + 2 :]
        yield from rest
    elif isinstance(value, str) and _is_literal(value):
        body = value.removesuffix("\n")
        yield "|-" if body == value else "|+" if body.endswith("\n") else "|"
        for line in body.split("\n"):
            yield " " * (indent + 2) + line if line else ""
    else:
        yield _scalar(value)


def _is_block(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("JSON has no infinity and no NaN")
    return repr(value)


def _integer(value: int) -> str:
    if abs(value) >= 10**MAX_DIGITS:
        raise ValueError(f"an integer has at most {MAX_DIGITS} digits")
    return str(value)


def _text(text: str) -> str:
    """Return a string on one line: plain where nobody can mistake it, else in the quotes that need fewer escapes."""
    text.encode("utf-8")  # half a surrogate pair is no text
    if _is_plain(text):
        return text
    if "'" not in text and ('"' in text or "\\" in text) and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _is_plain(text: str) -> bool:
    """Whether `text` may stand without quotes, for YAML 1.1 too (where a date, `12:30` and `yes` are no strings)."""
    return (
        (text[:1].isalpha() or text[:1] in {"_", "/"})
        and text.isprintable()
        and text not in CONSTANTS
        and text.lower() not in _OLD_CONSTANTS
        and not re.search(r":(?: |\Z)| #| \Z", text)
    )


def _is_literal(text: str) -> bool:
    """Whether a text of several lines may stand as such: nothing unseen in it, no indentation at its beginning."""
    lines = text.split("\n")
    return (
        len(lines) > 1
        and lines[0] != ""
        and not lines[0].startswith(" ")
        and all(line.isprintable() and not line.endswith(" ") for line in lines)
    )


def _escaped(character: str) -> str:
    code = ord(character)
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
