"""What is remembered of a configuration across restarts: its last good document, in two versions."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Good(Struct, frozen=True):
    """The last valid document (`accepted`) and the last that started (`applied`, or None), as raw JSON values.

    `file` and `line` are where it was last seen; `digest` is that of `accepted`. A document that holds a literal
    at the place of a secret is never remembered.
    """

    id: str
    file: str
    line: int
    digest: str
    accepted: Mapping[str, Any]
    applied: Mapping[str, Any] | None = None
