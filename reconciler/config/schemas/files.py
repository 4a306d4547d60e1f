"""The schema by which a file is judged, derived from the published one: references where secrets go.

A settings schema speaks of resolved values. In a file a reference stands where the schema says `writeOnly`, and may
stand at any other place that takes text, unless the schema says at its top that it declares them all. Pure;
`schema.py` and `bundle.py` call it.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.config.schemas.walk import Schema, rebuild

MARK: Final = "secret-reference"
"""The `$comment` by which explanations know a place of a reference."""
DECLARED: Final = ("x-secrets", "declared")
"""What a schema says at its top when its code takes a secret where it says `writeOnly`, and nowhere else."""
REFERENCE: Final[dict[str, Any]] = {
    "title": "a secret reference",
    "$comment": MARK,
    "type": "object",
    "properties": {
        "secret": {
            "description": "Where the value is: env:NAME, or file:PATH beneath the secrets directory.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9+.-]*:.+$",
            "maxLength": 1024,
        },
        "format": {
            "description": "What becomes of the value, such as Bearer {}.",
            "type": "string",
            "pattern": r"^[^{}]*\{\}[^{}]*$",
            "maxLength": 1024,
        },
    },
    "required": ["secret"],
    "additionalProperties": False,
}
"""What a reference looks like, wherever one may stand."""

_ABOUT = ("title", "description", "examples", "default", "deprecated")
_IDENTITY = ("$schema", "$id", "$anchor", "$dynamicAnchor", "$defs", "definitions")
"""What references lead to: it stays at its place when the rest moves into a branch."""


def for_files(schema: Schema, *, allow_plaintext: bool) -> dict[str, Any]:
    """Return the derived schema; `allow_plaintext` takes a literal at a place of a secret too."""
    anywhere = schema.get(DECLARED[0]) != DECLARED[1]

    def derive(one: Schema) -> dict[str, Any]:
        if one.get("writeOnly") is True and not allow_plaintext:
            kept = {key: one[key] for key in (*_ABOUT, *_IDENTITY) if key in one}
            inner = rebuild(kept, derive)
            # `writeOnly` stays: whatever is wrong here, nothing of it is shown.
            return {**REFERENCE, **inner, "writeOnly": True}
        derived = rebuild(one, derive, but=frozenset({"not", "propertyNames"}))
        if one.get("writeOnly") is True or (anywhere and takes_text(one)):
            return _or_reference(derived)
        return derived

    return derive(schema)


def _or_reference(derived: dict[str, Any]) -> dict[str, Any]:
    outside = {key: derived[key] for key in (*_ABOUT, *_IDENTITY) if key in derived}
    inside = {key: item for key, item in derived.items() if key not in _IDENTITY}
    return {**outside, "anyOf": [inside, REFERENCE]}


def takes_text(schema: Schema) -> bool:
    """Whether a place takes any text, so that a secret may be its value."""
    kind = schema.get("type")
    takes = kind == "string" or (isinstance(kind, list) and "string" in kind)
    return takes and "enum" not in schema and "const" not in schema


def is_reference(schema: object) -> bool:
    """Whether a schema is that of a reference, which `for_files` has put in."""
    return isinstance(schema, Mapping) and schema.get("$comment") == MARK


def is_secret(schema: object) -> bool:
    """Whether the author said `writeOnly`: nothing but a reference may stand here, or nothing of it may be shown."""
    return isinstance(schema, Mapping) and schema.get("writeOnly") is True
