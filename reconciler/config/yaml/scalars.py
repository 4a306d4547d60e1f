"""Plain scalars by the YAML 1.2 core schema, within JSON's bounds: `on` is a string, a date is one, `010` is ten.

Section 10.3.2 of YAML 1.2.2. The infinities and NaN, which the schema has and JSON has not, are refused.
"""

import math
import re
from typing import Final

MAX_DIGITS: Final = 100
"""The longest integer that is read: reading one takes time with the square of its length."""

CONSTANTS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
"""The plain scalars that are no strings and no numbers."""
NUMERIC: Final = frozenset("-+.0123456789")
"""What a number begins with."""

_NUMBER = re.compile(
    r"(?P<integer>[-+]?[0-9]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|0o(?P<octal>[0-7]+)"
    r"|0x(?P<hexadecimal>[0-9a-fA-F]+)"
    r"|(?P<other>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_BASES = {"integer": 10, "octal": 8, "hexadecimal": 16}


class NumberOutOfRange(ValueError):
    """A number that JSON or a double cannot hold."""


def plain(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar; raises NumberOutOfRange."""
    if text[:1] in NUMERIC:
        return number(text)
    return CONSTANTS.get(text, text)


def number(text: str) -> str | int | float:
    """Return the number that a plain scalar is, or the scalar itself; raises NumberOutOfRange."""
    found = _NUMBER.fullmatch(text)
    if found is None or found.lastgroup is None:
        return text
    kind = found.lastgroup
    if kind == "float":
        return _float(text)
    if kind == "other":
        raise NumberOutOfRange(f"JSON has no {text}: expected a finite number")
    digits = found[kind]
    length = len(digits.lstrip("+-"))
    if length > MAX_DIGITS:
        raise NumberOutOfRange(f"an integer of {length:,} digits: expected at most {MAX_DIGITS}")
    return int(digits, _BASES[kind])


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        # Not the text itself: a secret of digits may happen to hold an e.
        raise NumberOutOfRange("the number is beyond what a 64-bit float can hold")
    return value
