"""Plain scalars by the YAML 1.2 core schema, within JSON's bounds: `on` is a string, a date is a string, `010` is ten."""

import math
import re

MAX_DIGITS = 100
"""The longest integer that is read, in digits."""

_CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SPECIAL = frozenset("-+.0123456789~nNtTfF")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_A_NUMBER = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")


class NumberOutOfRange(ValueError):  # noqa: N818 — a verdict, turned into a diagnostic at once
    """A number that JSON or a double cannot hold."""


def plain(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar; raises NumberOutOfRange."""
    if not text or text[0] in _SPECIAL:
        return _special(text)
    return text


def _special(text: str) -> str | int | float | bool | None:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.match(text):
        return _integer(text, 10)
    if _FLOAT.match(text):
        return _float(text)
    if _OCTAL.match(text):
        return _integer(text[2:], 8)
    if _HEXADECIMAL.match(text):
        return _integer(text[2:], 16)
    if _NOT_A_NUMBER.match(text):
        raise NumberOutOfRange(f"{text} is not a number that JSON has")
    return text


def _integer(text: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise NumberOutOfRange(f"an integer of {len(text)} digits; at most {MAX_DIGITS} are taken")
    return int(text, base)


def _float(text: str) -> float:
    value = float(text) if len(text) <= 2 * MAX_DIGITS else math.inf
    if math.isinf(value):
        shown = text if len(text) <= 20 else text[:17] + "..."
        raise NumberOutOfRange(f"{shown} is beyond what a double can hold")
    return value
