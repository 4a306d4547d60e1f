"""Masks the texts in a JSON-like value, whatever else it holds. Pure; for log fields and panels."""

from collections.abc import Callable, Mapping
from typing import Any, Final

_DEEPEST: Final = 64
"""What nests deeper is masked whole: it could not be shown either."""


def masked_within(value: Any, masked: Callable[[str], str], *, depth: int = _DEEPEST) -> Any:
    """Return `value` with every text in it masked, keys as well; `value` itself where nothing changes.

    What is neither text, number, mapping nor list will be shown as its `str`: where that holds a secret, it is the
    masked text instead.
    """
    if isinstance(value, str):
        return masked(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if not depth:
        return masked(_shown(value))
    if isinstance(value, Mapping):
        found: Any = {_key(k, masked): masked_within(v, masked, depth=depth - 1) for k, v in value.items()}
        return value if found == value else found
    if isinstance(value, list | tuple):
        items = [masked_within(item, masked, depth=depth - 1) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    text = _shown(value)
    told = masked(text)
    return value if told == text else told


def _key(key: Any, masked: Callable[[str], str]) -> Any:
    return masked(key) if isinstance(key, str) else key


def _shown(value: Any) -> str:
    try:
        return str(value)
    except BaseException:  # noqa: BLE001 — its `__str__` is anybody's code
        return ""
