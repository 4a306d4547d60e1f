"""What many documents say alike becomes one object: it is handed to the parent once, and stands in memory once.

A document's value must not be changed by anybody (`ConfigDocument.raw`), so nobody can tell. Used by the child that
reads ahead, which has the time.
"""

from typing import Any, Final

from msgspec.msgpack import Encoder

_encode: Final = Encoder().encode
_DEEPER: Final = "settings"
"""What differs from document to document as a whole, and has parts that do not."""


class Sharing:
    """Remembers every part that it has seen."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._parts: dict[bytes, Any] = {}

    def share(self, raw: dict[str, Any]) -> None:
        """Replace the parts of a document by equal ones that were seen before, of equal types and in equal order."""
        try:
            self._share(raw)
        except (OverflowError, TypeError, ValueError, RecursionError):  # a number that its form has no room for
            return

    def _share(self, raw: dict[str, Any]) -> None:
        for key, value in raw.items():
            if type(value) is str:
                raw[key] = self._texts.setdefault(value, value)
            elif key == _DEEPER and type(value) is dict:
                self._share_parts(value)
            elif isinstance(value, dict | list):
                raw[key] = self._parts.setdefault(_encode(value), value)

    def _share_parts(self, settings: dict[str, Any]) -> None:
        for key, value in settings.items():
            if isinstance(value, dict | list):
                settings[key] = self._parts.setdefault(_encode(value), value)
            elif type(value) is str:
                settings[key] = self._texts.setdefault(value, value)
