"""What `validate` refuses in code, said as patterns as far as a pattern can, so that editors mark it as well.

Each is wider than the check that it stands for: what a pattern here refuses, `checks.py` or `secrets.py` refuses too.
Pure; called by `bundle.py`.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.config.schemas.files import is_reference
from reconciler.config.schemas.walk import Schema, rebuild

REFERENCE: Final = (
    "^(env:(?!RECONCILE_)[A-Za-z_][A-Za-z0-9_]*|file:(?!/)(?!(.*/)?[.][.](/|$)).+|(?!env:|file:)[a-z][a-z0-9+.-]*:.+)$"
)
ENVELOPE: Final[Mapping[tuple[str, ...], str]] = {
    ("events", "items", "properties", "type"): r"^([*]{1,2}|[^\s.*]+)([.]([*]{1,2}|[^\s.*]+))*$",
    ("message", "properties", "severity"): "[{]|^(info|success|warning|error)$",
}
"""By its place beneath `properties`: whole segments of an event type, and a level or a template of one."""


def with_patterns(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return the envelope's schema with its patterns; the schema that was given stays as it is."""
    done = dict(envelope)
    for place, pattern in ENVELOPE.items():
        _put(done, ("properties", *place), pattern)
    return done


def with_reference_patterns(schema: Schema) -> dict[str, Any]:
    """Return a schema of settings in which references keep to what can resolve."""
    done = rebuild(schema, with_reference_patterns)
    if is_reference(done):
        _put(done, ("properties", "secret"), REFERENCE)
    return done


def _put(schema: dict[str, Any], place: tuple[str, ...], pattern: str) -> None:
    """Set the pattern at `place`, on copies of what leads there."""
    for key in place:
        schema[key] = dict(schema[key])
        schema = schema[key]
    schema["pattern"] = pattern
