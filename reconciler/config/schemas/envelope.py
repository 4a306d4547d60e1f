"""The envelope: the published schema of everything in a document but its settings, compiled once per validator."""

import json
from pathlib import Path
from typing import Any

from reconciler.config.schemas.schema import compile_schema

PATH = Path(__file__).with_name("envelope.schema.json")


def envelope_schema() -> dict[str, Any]:
    """Return the published JSON Schema of a document."""
    schema: dict[str, Any] = json.loads(PATH.read_bytes())
    return schema


class Envelope:
    """Judges whole documents, settings aside."""

    def __init__(self) -> None:
        self.schema = envelope_schema()
        self._validator = compile_schema(self.schema)

    def is_valid(self, document: Any) -> bool:
        """Return the verdict."""
        try:
            return bool(self._validator.is_valid(document))
        except ValueError:  # half of a surrogate pair, which JSON as UTF-8 cannot hold
            return False

    @property
    def keys(self) -> list[str]:
        """The keys that a document may have."""
        return list(self.schema["properties"])
