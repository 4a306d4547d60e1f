"""What is remembered of a configuration across restarts: its last good document, in two versions."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Known(Struct, frozen=True):
    """What there is to know of a last good document without reading it.

    `started` says that it is also the last that started.
    """

    id: str
    file: str
    line: int
    digest: str
    started: bool


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
