"""A document as it lies in the state directory: its text, read when somebody looks inside.

A start of thousands loads as many, and needs hardly one of them: what the files say is the same.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final


class StoredDocument(Mapping[str, Any]):
    """The JSON object in `text`; one that turns out to be damaged is empty, which no schema takes for a document."""

    __slots__ = ("_value", "text")
    GLOB: Final = "{*}"
    """What the text of a document matches, in SQL's terms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._value: dict[str, Any] | None = None

    @classmethod
    def of(cls, text: str | None) -> "StoredDocument | None":
        """Return the document, or None where there is none, or what is there cannot be one."""
        return cls(text) if text is not None and text[:1] == "{" and text[-1:] == "}" and len(text) > 1 else None

    def _read(self) -> dict[str, Any]:
        if self._value is None:
            try:
                value = json.loads(self.text)
            except (ValueError, RecursionError):
                value = {}
            self._value = value if isinstance(value, dict) else {}
        return self._value

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return f"StoredDocument({self._read()!r})"
