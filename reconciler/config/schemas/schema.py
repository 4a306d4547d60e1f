"""Settings schemas: checked once, compiled once, so that a verdict costs microseconds. Explanations are `explain.py`'s.

Nothing is ever fetched, and nothing runs without a bound: references lead inside the schema alone, its cost is told
beforehand, regular expressions stop after so many steps. The catalogue's descriptors bring schemas, `validation.py`
and `secrets.py` ask them.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.config.schemas.cost import TooExpensive, check_cost
from reconciler.config.schemas.files import for_files
from reconciler.config.schemas.walk import REFERENCES, Places, everywhere
from reconciler.model.errors import RegistrationError
from reconciler.model.json import Path

DIALECTS: Final = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
)
"""What `$schema` may say; the first is meant where it says nothing."""
_BACKTRACK_LIMIT: Final = 50_000
_MAX_DEPTH: Final = 100


class SettingsSchema:
    """One integration's schema, as files are judged by it. Raises RegistrationError when it makes no sense."""

    def __init__(self, schema: Mapping[str, Any], *, allow_plaintext: bool = False) -> None:
        check_schema(schema)
        self.schema = for_files(schema, allow_plaintext=allow_plaintext)
        check_references(self.schema)
        self._validator = compile_schema(self.schema)

    def is_valid(self, settings: Any) -> bool:
        """Return the verdict on settings as a file holds them."""
        try:
            return bool(self._validator.is_valid(settings))
        except ValueError:  # half of a surrogate pair, which JSON as UTF-8 cannot hold
            return False

    def misfits(self, settings: Any) -> list[Path]:
        """Return the places at which settings do not fit; where a schema branches, that of the whole branch."""
        try:
            return sorted({tuple(error.instance_path) for error in self._validator.iter_errors(settings)}, key=str)
        except ValueError:
            return [()]


class ResolvedSchema:
    """The same schema as published: settings whose references are resolved are judged by it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = compile_schema(schema)

    def is_valid(self, settings: Mapping[str, Any]) -> bool:
        """Whether settings fit."""
        try:
            verdict: bool = self._validator.is_valid(settings)
        except ValueError:  # half of a surrogate pair, which JSON as UTF-8 cannot hold
            return False
        return verdict

    def misfits(self, settings: Mapping[str, Any]) -> list[str]:
        """Return the settings that do not fit, by their dotted names; no value is in them."""
        return sorted({".".join(["settings", *map(str, path)]) for path, _ in self.breaks(settings)})

    def breaks(self, settings: Mapping[str, Any]) -> list[tuple[Path, str]]:
        """Return up to ten places in settings that do not fit, each with the keyword that it breaks; no value."""
        if self.is_valid(settings):
            return []
        try:
            found = [(tuple(e.instance_path), e.schema_path) for e in self._validator.iter_errors(settings)]
        except ValueError:
            return [((), "type")]
        return [(path, str(where[-1]) if where else "false") for path, where in found[:10]]


def check_schema(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that is not one, of a dialect that is not known, or that refers to anything outside itself.

    Raises RegistrationError, saying where.
    """
    import jsonschema_rs

    dialect = schema.get("$schema", DIALECTS[0])
    if not isinstance(dialect, str) or dialect.rstrip("#") not in DIALECTS:
        raise RegistrationError(f"schema.json: the dialect {str(dialect)[:100]!r} is not known; use {DIALECTS[0]}")
    _check_depth(schema)
    try:
        if jsonschema_rs.meta.is_valid(dict(schema)):
            check_references(schema)
            return
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError) as error:
        raise RegistrationError(f"schema.json: {str(error)[:200]}") from None
    raise RegistrationError(f"schema.json: {_what_is_wrong(schema)}")


def _check_depth(schema: Mapping[str, Any]) -> None:
    level: list[Any] = [schema]
    for _ in range(_MAX_DEPTH * 2):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, Mapping) else value)
            if isinstance(item, Mapping | list)
        ]
        if not level:
            return
    raise RegistrationError(f"schema.json: nested deeper than {_MAX_DEPTH * 2} levels")


def _what_is_wrong(schema: Mapping[str, Any]) -> str:
    """Say why this is no schema, in the words of the reference implementation; the import is slow and rarely needed."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for

    kind = validator_for(schema, default=Draft202012Validator)
    error = best_match(kind(kind.META_SCHEMA).iter_errors(schema))
    if error is None:
        return "it is not a JSON Schema"
    while error.context:
        error = min(error.context, key=lambda inner: inner.validator == "type")
    place = "/".join(str(part) for part in error.absolute_path)
    return f"{place + ': ' if place else ''}{error.message[:200]}"


def check_references(schema: Mapping[str, Any]) -> None:
    """Refuse references that lead outside, or to where no schema stands, and branches that multiply without end."""
    places = Places(schema)
    for one in everywhere(schema):
        for key in REFERENCES:
            target = one.get(key)
            if isinstance(target, str) and not target.startswith("#"):
                raise RegistrationError(f"schema.json: {key} {target[:100]!r} leads outside; only #/… is followed")
            if isinstance(target, str) and places.find(target) is None:
                raise RegistrationError(f"schema.json: {key} {target[:100]!r} leads to no schema")
        inner = one.get("$id")
        if one is not schema and isinstance(inner, str) and not inner.startswith("#"):
            raise RegistrationError(f"schema.json: $id {inner[:100]!r} may stand at the top alone")
    try:
        check_cost(schema, places)
    except TooExpensive as error:
        raise RegistrationError(f"schema.json: {error}") from None


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
