"""Settings schemas: checked once, compiled once, so that a verdict costs microseconds. Explanations are `explain.py`'s.

A settings schema speaks of resolved values. Files hold references where secrets go, so the schema that judges files is
derived: at a place that is `writeOnly` a reference must stand, at any other place that takes a string one may.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.model.errors import RegistrationError
from reconciler.model.json import Path

REFERENCE: Final[dict[str, Any]] = {
    "title": "a secret reference",
    "$comment": "secret-reference",
    "type": "object",
    "properties": {
        "secret": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:.+$", "maxLength": 1024},
        "format": {"type": "string", "pattern": r"^[^{}]*\{\}[^{}]*$", "maxLength": 1024},
    },
    "required": ["secret"],
    "additionalProperties": False,
}
"""What a reference looks like, wherever one may stand."""

_ONE = ("additionalProperties", "items", "contains", "if", "then", "else", "unevaluatedProperties", "unevaluatedItems", "additionalItems")
_LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAP = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_BACKTRACK_LIMIT = 100_000
_MAX_DEPTH = 200
_DIALECTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
)


class SettingsSchema:
    """One integration's schema, as files are judged by it. Raises RegistrationError when it makes no sense."""

    def __init__(self, schema: Mapping[str, Any], *, allow_plaintext: bool = False) -> None:
        check_schema(schema)
        self.schema = for_files(schema, allow_plaintext=allow_plaintext)
        self._validator = compile_schema(self.schema)

    def is_valid(self, settings: Any) -> bool:
        """Return the verdict on settings as a file holds them."""
        return bool(self._validator.is_valid(settings))


def check_schema(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that is not one, of a dialect that is not known, or that refers to anything outside itself.

    Raises RegistrationError, saying where.
    """
    import jsonschema_rs

    dialect = schema.get("$schema", _DIALECTS[0])
    if not isinstance(dialect, str) or dialect.rstrip("#") not in _DIALECTS:
        raise RegistrationError(f"schema.json: the dialect {dialect!r} is not known; use {_DIALECTS[0]}")
    _check_refs(schema, 0)
    try:
        jsonschema_rs.meta.validate(dict(schema))
    except jsonschema_rs.ValidationError as error:
        place = "/".join(str(part) for part in error.instance_path)
        raise RegistrationError(f"schema.json: {place + ': ' if place else ''}{error.message[:200]}") from None
    except (ValueError, RecursionError) as error:
        raise RegistrationError(f"schema.json: {str(error)[:200]}") from None


def _check_refs(value: Any, depth: int) -> None:
    """Nothing is ever fetched: a reference leads inside the schema, or to nowhere."""
    if depth > _MAX_DEPTH:
        raise RegistrationError(f"schema.json: nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for key in ("$ref", "$dynamicRef", "$recursiveRef"):
            target = value.get(key)
            if isinstance(target, str) and not target.startswith("#"):
                raise RegistrationError(f"schema.json: {key} {target[:100]!r} leads outside; only #/… is followed")
        for item in value.values():
            _check_refs(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_refs(item, depth + 1)


def compile_schema(schema: Mapping[str, Any]) -> Any:
    """Return jsonschema-rs's validator: formats checked, nothing fetched, regular expressions bounded."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(
            dict(schema),
            validate_formats=True,
            offline=True,
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_LIMIT),
        )
    except (ValueError, jsonschema_rs.ReferencingError, RecursionError) as error:
        raise RegistrationError(f"schema.json: {str(error)[:200]}") from None


def for_files(schema: Mapping[str, Any], *, allow_plaintext: bool) -> dict[str, Any]:
    """Return the schema by which settings in a file are judged: references where secrets go."""
    return {str(key): item for key, item in _derive(schema, allow_plaintext=allow_plaintext).items()}


def _derive(schema: Mapping[str, Any], *, allow_plaintext: bool) -> dict[str, Any]:
    if schema.get("writeOnly") is True:
        about = {key: schema[key] for key in ("title", "description", "examples") if key in schema}
        return {**about, "anyOf": [dict(schema), REFERENCE]} if allow_plaintext else {**REFERENCE, **about}
    derived = dict(schema)
    for key in _ONE:
        if isinstance(schema.get(key), Mapping):
            derived[key] = _derive(schema[key], allow_plaintext=allow_plaintext)
    for key in (*_LIST, "items"):
        if isinstance(schema.get(key), list):
            derived[key] = [_maybe(item, allow_plaintext) for item in schema[key]]
    for key in _MAP:
        if isinstance(schema.get(key), Mapping):
            derived[key] = {name: _maybe(item, allow_plaintext) for name, item in schema[key].items()}
    if _takes_text(schema):
        about = {key: derived[key] for key in ("title", "description", "examples", "default") if key in derived}
        return {**about, "anyOf": [derived, REFERENCE]}
    return derived


def _maybe(item: Any, allow_plaintext: bool) -> Any:  # noqa: FBT001 — a flag handed on
    return _derive(item, allow_plaintext=allow_plaintext) if isinstance(item, Mapping) else item


def _takes_text(schema: Mapping[str, Any]) -> bool:
    """Whether a place takes any text, so that a secret may be its value."""
    kind = schema.get("type")
    takes = kind == "string" or (isinstance(kind, list) and "string" in kind)
    return takes and "enum" not in schema and "const" not in schema


def accepts_value(schema: Mapping[str, Any], path: Path, text: str) -> bool:
    """Whether the property at `path` takes `text` as its resolved value; True where the path leads to no schema."""
    found = _at(schema, schema, path, 0)
    if found is None:
        return True
    import jsonschema_rs

    whole = {**found, **{key: schema[key] for key in ("$schema", "$defs", "definitions") if key in schema}}
    try:
        return bool(compile_schema(whole).is_valid(text))
    except (RegistrationError, jsonschema_rs.ReferencingError):
        return True


def _at(root: Mapping[str, Any], schema: Any, path: Path, depth: int) -> Mapping[str, Any] | None:
    """Return the subschema for `path`, by the keywords that say plainly where a value goes."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return None
    target = schema.get("$ref")
    if isinstance(target, str):
        return _at(root, _follow(root, target), path, depth + 1)
    if not path:
        return schema
    for step in _steps(schema, path[0]):
        found = _at(root, step, path[1:], depth + 1)
        if found is not None:
            return found
    branches = [b for key in ("allOf", "anyOf", "oneOf") for b in schema.get(key, ())]
    return next((f for b in branches if (f := _at(root, b, path, depth + 1)) is not None), None)


def _steps(schema: Mapping[str, Any], part: str | int) -> list[Any]:
    if isinstance(part, int):
        prefix = schema.get("prefixItems", ())
        return [prefix[part]] if part < len(prefix) else [schema.get("items")]
    named = schema.get("properties", {})
    if part in named:
        return [named[part]]
    return [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]


def _follow(root: Mapping[str, Any], target: str) -> Any:
    found: Any = root
    for raw in target.removeprefix("#").strip("/").split("/"):
        part = raw.replace("~1", "/").replace("~0", "~")
        if part:
            found = found.get(part) if isinstance(found, Mapping) else None
    return found
