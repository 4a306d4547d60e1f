"""Durations as people write them: `<integer><ms|s|m|h|d>`, repeatable (`1h30m`)."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
_WHOLE = re.compile(r"(?:\d{1,9}(?:ms|s|m|h|d)){1,8}\Z")

DURATION_PATTERN = r"^([0-9]{1,9}(ms|s|m|h|d)){1,8}$"
"""The same grammar as a JSON Schema `pattern`."""


def parse_duration(text: str) -> float:
    """Return `text` in seconds.

    Raises ValueError, naming the form expected, when `text` is not a duration.
    """
    if not _WHOLE.match(text):
        raise ValueError(f"{text!r} is not a duration: write a number and ms, s, m, h or d, such as 90s or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def format_duration(seconds: float) -> str:
    """Return `seconds` (not negative) in the same form, whole milliseconds, largest unit first; zero is `0s`."""
    left = round(seconds * 1000)
    if left <= 0:
        return "0s"
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def brief_duration(seconds: float) -> str:
    """Return how long something took, for people: `80ms`, `1.4s`, `2m5s`, as exact as anybody cares for."""
    if seconds >= 59.95:
        return format_duration(round(seconds))
    if seconds >= 0.9995:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    return f"{round(max(0.0, seconds) * 1000)}ms"
