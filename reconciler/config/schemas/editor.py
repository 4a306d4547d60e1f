"""What editors show of a schema beyond what validates: explanations, examples, snippets and better words for mistakes.

The keywords are those of yaml-language-server (and VS Code); a validator takes no notice of them, so nothing here
changes what a schema accepts. Pure; called by `bundle.py`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.config.schemas.files import is_reference, is_secret
from reconciler.config.schemas.walk import Schema, rebuild
from reconciler.model.descriptor import Descriptor

_TRUE_OR_FALSE: Final = "expected true or false, written so: yes, no, on and off are text"
_REFERENCE: Final = 'expected a reference such as {secret: "env:NAME"}: a secret does not stand in a file'
_PLACE: Final = "expected env:NAME, but for RECONCILE_*, or file:PATH beneath the secrets directory"
_SECRETS: Final = (
    {"label": "env", "description": "a secret in an environment variable", "body": {"secret": "env:${1:NAME}"}},
    {
        "label": "file",
        "description": "a secret in a file of the secrets directory",
        "body": {"secret": "file:${1:PATH}"},
    },
)
_MORE: Final[Mapping[tuple[str, ...], Mapping[str, Any]]] = {
    ("properties", "name"): {
        "patternErrorMessage": "expected a name of a-z and 0-9 with . _ - between, at most 63 characters",
    },
    ("properties", "scope", "propertyNames"): {
        "patternErrorMessage": "expected a key of 1 to 20 characters of a-z and 0-9"
    },
    ("properties", "labels", "additionalProperties"): {
        "errorMessage": 'expected text: put "…" around a number or a word such as true'
    },
    ("properties", "settings"): {"errorMessage": "expected a mapping of settings, or {} where there are none"},
    ("properties", "events", "items"): {
        "defaultSnippets": [
            {"label": "type", "description": "every event of a type", "body": {"type": "${1:build.finished}"}},
            {
                "label": "type and when",
                "description": "events of a type for which a CEL expression is true",
                "body": {"type": "${1:build.finished}", "when": '${2:data.status == "failed"}'},
            },
        ]
    },
    ("properties", "events", "items", "properties", "type"): {
        "examples": ["build.finished", "build.*", "order.**"],
        "patternErrorMessage": "expected words with dots between, such as build.finished; * and ** are whole words",
    },
    ("properties", "events", "items", "properties", "when"): {
        "examples": ['data.status == "failed" && data.branch == "main"']
    },
    ("definitions", "duration"): {
        "examples": ["30s", "15m", "1h30m"],
        "patternErrorMessage": "expected a duration such as 30s, 15m or 1h30m",
        "errorMessage": "expected a duration such as 30s, 15m or 1h30m",
    },
    ("properties", "message", "properties", "severity"): {
        "patternErrorMessage": "expected info, success, warning or error, or a template that gives one of them"
    },
    ("properties", "delivery", "properties", "rate"): {"patternErrorMessage": "expected a rate such as 1/s or 30/m"},
    ("properties", "delivery", "properties", "fallback"): {
        "patternErrorMessage": "expected the id of a configuration, integration/name"
    },
}  # fmt: skip
"""What is said at places of the envelope."""


def for_editors(bundle: Schema, descriptors: Iterable[Descriptor]) -> dict[str, Any]:
    """Return the bundle with all that; `descriptors` are the integrations in the order of the `integration` enum."""
    done = _explained(bundle)
    for place, more in _MORE.items():
        _at(done, place).update(more)
    listed = list(descriptors)
    about = _at(done, ("properties", "integration"))
    about["enumDescriptions"] = [one.description or one.name for one in listed]
    done["defaultSnippets"] = [_snippet(one) for one in listed]
    return done


def _at(schema: Any, place: tuple[str, ...]) -> dict[str, Any]:
    for key in place:
        schema = schema[key]
    found: dict[str, Any] = schema
    return found


def _explained(schema: Schema) -> dict[str, Any]:
    """Return a schema with words for its mistakes, made of what its author says of it."""
    done = rebuild(schema, _explained)
    if is_reference(schema):
        _at(done, ("properties", "secret"))["patternErrorMessage"] = _PLACE
        more = {"errorMessage": _REFERENCE, "defaultSnippets": list(_SECRETS)}
        return done | (more if is_secret(schema) else {})
    if schema.get("type") == "boolean":
        done.setdefault("errorMessage", _TRUE_OR_FALSE)
    described = schema.get("description")
    if isinstance(schema.get("pattern"), str) and isinstance(described, str):
        done.setdefault("patternErrorMessage", f"this is not what is expected here: {described}")
    if schema.get("deprecated") is True:
        done.setdefault("deprecationMessage", described if isinstance(described, str) else "it will go: leave it out")
    return done


def _snippet(descriptor: Descriptor) -> dict[str, Any]:
    """Return a whole configuration to fill in, with the settings that it cannot do without."""
    schema = descriptor.schema or {}
    properties = schema.get("properties", {})
    needed = [key for key in properties if key in needed_keys(schema)]
    settings = {key: _blank(number, key, properties[key]) for number, key in enumerate(needed, start=2)}
    body = {"integration": descriptor.id, "name": "${1:name}", "settings": settings}
    return {"label": f"{descriptor.id} configuration", "description": descriptor.description, "body": body}


def needed_keys(schema: Schema) -> frozenset[str]:
    """Return the keys that a document cannot do without: of several ways to be valid, those of the first."""
    found = set(schema.get("required", ()))
    for keyword in ("oneOf", "anyOf"):
        branches = schema.get(keyword)
        if branches and isinstance(branches[0], Mapping):
            found |= set(branches[0].get("required", ()))
    for key, more in schema.get("dependentRequired", {}).items():
        found |= set(more) if key in found else set()
    return frozenset(found)


def _blank(number: int, key: str, schema: Any) -> Any:
    if is_secret(schema):
        return {"secret": f"env:${{{number}:NAME}}"}
    return f"${{{number}:{key}}}"
