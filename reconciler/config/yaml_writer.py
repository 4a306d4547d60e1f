"""Writes JSON values as YAML that people like to read and that reads back equal. Not a dumper of anything else."""

import math
import re
from typing import Any

from reconciler.config.yaml_scalars import NumberOutOfRange, plain

_SAFE = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+~ -]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MUST_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')


def write_yaml(value: Any) -> str:
    """Return `value` in block style, ending with a line feed.

    Raises ValueError for a float that is not finite and for a lone surrogate, TypeError for what is not JSON.
    """
    lines = list(_lines(value, 0)) if _is_block(value) else [_scalar(value)]
    return "\n".join(lines) + "\n"


def _lines(value: Any, indent: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be a string, not {type(key).__name__}")
            head = f"{pad}{_scalar(key)}:"
            lines += [head, *_lines(item, indent + 2)] if _is_block(item) else [f"{head} {_scalar(item)}"]
        return lines
    for item in value:
        if not _is_block(item):
            lines.append(f"{pad}- {_scalar(item)}")
            continue
        first, *rest = _lines(item, indent + 2)
        lines += [f"{pad}- {first[indent + 2 :]}", *rest]
    return lines


def _is_block(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case str():
            return value if _is_plain(value) else _quoted(value)
        case dict():
            return "{}"
        case list():
            return "[]"
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("JSON has no infinity and no NaN")
    return repr(value)


def _is_plain(text: str) -> bool:
    """Whether `text` may stand without quotes: it reads back as itself, and no older YAML takes it for another."""
    if not _SAFE.match(text) or text.endswith(" ") or " -" in text or text.lower() in {"yes", "no", "on", "off", "y", "n"}:
        return False
    try:
        return plain(text) == text
    except NumberOutOfRange:
        return False


def _quoted(text: str) -> str:
    text.encode("utf-8")
    return '"' + _MUST_ESCAPE.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}")
