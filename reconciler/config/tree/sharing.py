"""What many documents say alike becomes one object: it is handed over and kept once, and stands in memory once.

A document's value must not be changed by anybody (`ConfigDocument.raw`), so nobody can tell. Used where documents are
packed (`kept_form.py`), since those that are read from files are objects of their own.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.msgpack import Encoder

_encode: Final = Encoder().encode


class Sharing:
    """Remembers every part that it has seen."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._parts: dict[bytes, Any] = {}

    def shared(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return an equal document of parts that were seen before: equal ones of equal types, in equal order."""
        text = self._texts.setdefault
        return {text(key, key): self._part(value) for key, value in raw.items()}

    def _part(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self._texts.setdefault(value, value)
        if kind is not dict and kind is not list:
            return value
        try:
            key = _encode(value)
        except (OverflowError, ValueError):  # a number that the form has no room for
            return value
        known = self._parts.get(key)
        if known is None:
            known = self.shared(value) if kind is dict else [self._part(one) for one in value]
            self._parts[key] = known
        return known
