"""A JSON Schema of a policy: it narrows the settings of one integration as files hold them, references included.

A reference hides its value, so it may not stand at a place that the schema says anything about, unless the schema
speaks of references itself. No finding shows a value: what stands in a document may be a secret.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.config.explain.text import expected_kind, shorten
from reconciler.config.schemas.schema import check_schema, compile_schema
from reconciler.config.schemas.walk import REFERENCES, Places, Schema
from reconciler.model.errors import RegistrationError
from reconciler.model.json import Path, canonical

NO_KEY: Final = "no such key"
_ITSELF: Final = "the value itself, since a secret reference hides it"
MOST: Final = 20
"""How many findings one schema makes of one document."""
_SILENT: Final = frozenset(
    {
        "$schema", "$id", "$anchor", "$dynamicAnchor", "$comment", "$defs", "definitions", "title", "description",
        "default", "examples", "deprecated", "readOnly", "writeOnly", *REFERENCES, "allOf", "anyOf", "oneOf", "if",
        "then", "else", "not",
    }
)  # fmt: skip
"""Keywords that say nothing about a value by themselves."""
_BOUNDS: Final = {
    "minimum": "a number of {} or more",
    "maximum": "a number of {} or less",
    "exclusiveMinimum": "a number above {}",
    "exclusiveMaximum": "a number below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
}
_BESIDE: Final = ("if", "then", "else", "not")
_REST: Final = ("additionalProperties", "unevaluatedProperties")
_ITEMS: Final = ("items", "additionalItems", "contains", "unevaluatedItems")
_KEEP: Final = 10_000


class Narrowing:
    """One compiled schema. Raises RegistrationError when it makes no sense, or may take too long."""

    def __init__(self, schema: Schema) -> None:
        check_schema(schema)
        self._schema = schema
        self._places = Places(schema)
        self._validator = compile_schema(schema)
        self._patterns: dict[str, Any] = {}
        self._hidden: dict[Path, bool] = {}

    def misfits(self, settings: Any, referring: Iterable[Path]) -> list[tuple[Path, str]]:
        """Return the places in `settings` that do not fit, each with what is expected there.

        `referring` are the places of the secret references in them.
        """
        try:
            is_fine = bool(self._validator.is_valid(settings))
        except ValueError:
            return [((), "text that is UTF-8")]
        found = [(path, _ITSELF) for path in referring if self._is_spoken_of(path)]
        return found if is_fine else [*found, *self._errors(settings, {path for path, _ in found})]

    def _errors(self, settings: Mapping[str, Any], told: set[Path]) -> Iterator[tuple[Path, str]]:
        count = 0
        for error in self._validator.iter_errors(settings):
            place: Path = tuple(error.instance_path)
            if any(place[: len(path)] == path for path in told):
                continue
            for path, expected in _words(error, place):
                count += 1
                if count > MOST:
                    return
                yield path, expected

    # --- references ---------------------------------------------------------------------------------------------

    def _is_spoken_of(self, path: Path) -> bool:
        """Whether the schema says something about the place of a reference, and does not know references."""
        known = self._hidden.get(path)
        if known is None:
            if len(self._hidden) >= _KEEP:
                self._hidden.clear()
            here = self._reached(path)
            knows = any(_knows_references(schema) for schema in here)
            known = self._hidden[path] = not knows and any(schema.keys() - _SILENT for schema in here)
        return known

    def _reached(self, path: Path) -> list[Schema]:
        """Return every schema that may apply at a place, those of branches and conditions included."""
        here = self._together([self._schema])
        for part in path:
            here = self._together([inner for schema in here for inner in self._inside(schema, part)])
        return here

    def _together(self, schemas: list[Any]) -> list[Schema]:
        found: dict[int, Schema] = {}
        waiting = list(schemas)
        while waiting:
            schema = waiting.pop()
            if not isinstance(schema, Mapping) or id(schema) in found:
                continue
            found[id(schema)] = schema
            waiting += [self._places.find(schema[key]) for key in REFERENCES if isinstance(schema.get(key), str)]
            waiting += [one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ())]
            waiting += [schema[key] for key in _BESIDE if key in schema]
            waiting += [*schema.get("dependentSchemas", {}).values(), *schema.get("dependencies", {}).values()]
        return list(found.values())

    def _inside(self, schema: Schema, part: str | int) -> Iterator[Any]:
        if isinstance(part, int):
            listed = schema.get("prefixItems", ())
            yield from listed[part : part + 1]
            for key in _ITEMS:
                value = schema.get(key)
                yield from value if isinstance(value, list) else [value]
            return
        named = [schema["properties"][part]] if part in schema.get("properties", {}) else []
        named += [one for pattern, one in schema.get("patternProperties", {}).items() if self._matches(pattern, part)]
        yield from named
        yield from (schema.get(key) for key in _REST[1 if named else 0 :])

    def _matches(self, pattern: str, name: str) -> bool:
        compiled = self._patterns.get(pattern)
        if compiled is None:
            compiled = self._patterns[pattern] = compile_schema({"pattern": pattern})
        try:
            return bool(compiled.is_valid(name))
        except ValueError:
            return True


def _knows_references(schema: Schema) -> bool:
    """Whether a schema speaks of references: its author has thought of them, and the verdict is the schema's."""
    constants = [*schema.get("enum", ()), schema.get("const")]
    named = "secret" in schema.get("properties", {}) or "secret" in schema.get("required", ())
    return named or any(isinstance(one, Mapping) and "secret" in one for one in constants)


def _words(error: Any, place: Path) -> Iterator[tuple[Path, str]]:
    """Yield where an error of jsonschema-rs stands, and what was expected there; nothing of the value is in it."""
    kind = error.kind
    match kind.name:
        case "required":
            yield place, f"the key `{shorten(str(kind.property))}`"
        case "additionalProperties" | "unevaluatedProperties":
            yield from (((*place, str(name)), NO_KEY) for name in kind.unexpected)
        case "falseSchema":
            yield place, "nothing"
        case "pattern" if not hasattr(kind, "pattern"):
            yield place, "a text on which the pattern of the policy's schema comes to an end in time"
        case "pattern":
            yield place, f"a text that matches `{shorten(str(kind.pattern), 100)}`"
        case "enum":
            yield place, f"one of {shorten(', '.join(canonical(one) for one in kind.options), 100)}"
        case "const":
            yield place, f"`{shorten(canonical(kind.expected_value), 100)}`"
        case "type":
            yield place, expected_kind(sorted(kind.types))
        case "format":
            yield place, f"the format `{shorten(str(kind.format))}`"
        case name if name in _BOUNDS:
            yield place, _BOUNDS[name].format(kind.limit)
        case name:
            yield place, f"what `{name}` of the policy's schema says"


def read_narrowing(schema: Any) -> Narrowing:
    """Compile a schema of a policy; raises RegistrationError, whose words do not speak of an integration's file."""
    if not isinstance(schema, Mapping):
        raise RegistrationError("expected a JSON Schema, which is a mapping")
    try:
        return Narrowing(schema)
    except RegistrationError as error:
        raise RegistrationError(str(error).removeprefix("schema.json: ")) from None
