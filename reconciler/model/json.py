"""The JSON values that configurations, events and messages are made of, and their one canonical form."""

import json
from hashlib import sha256
from typing import Any, TypeAlias, Union

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]
"""A JSON value as the standard library's `json` builds it."""

Path: TypeAlias = tuple[str | int, ...]
"""A place in a JSON value: keys and list indices from the root."""

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Json) -> str:
    """Return the one text of `value`: sorted keys, no spaces, `1`, `1.0` and `true` kept apart.

    Raises ValueError for a float that is not finite.
    """
    return _encode(value)


def digest(value: Json) -> str:
    """Return the SHA-256 of the canonical form, in lower-case hexadecimal (64 characters)."""
    return sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def is_deeper(value: Any, limit: int) -> bool:
    """Whether lists and mappings nest deeper than `limit` levels; goes level by level, so no depth is too much."""
    level = [value]
    for _ in range(limit + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(item: Any) -> Any:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list | tuple) else ()


def pointer(path: Path) -> str:
    """Return `path` as an RFC 6901 JSON Pointer; the root is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
