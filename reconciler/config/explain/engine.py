"""jsonschema, tamed: the reference implementation names what is wrong, within bounds and in agreement with the verdict.

What jsonschema-rs judges by machinery of its own (regular expressions, formats, uniqueness, what is unevaluated) is
asked of it again here: Python's `re` can run for minutes on a hostile pattern, and two opinions help nobody. Values at
the places of secrets are collected on the way, so that no finding shows one. `explain.py` calls this.
"""

from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any, Final

from msgspec import Struct, field

from reconciler.config.schemas.files import REFERENCE, is_reference, is_secret
from reconciler.config.schemas.schema import compile_schema
from reconciler.config.schemas.walk import REFERENCES, Places, children
from reconciler.model.errors import RegistrationError

LIMIT: Final = "limit"
"""The message of an error that says: a regular expression was given up."""
_STEPS: Final = 100_000
"""How many keywords are tried for one document: half a second."""
_LEAST_STEPS: Final = 2_000
_ALL_STEPS: Final = 3_000_000
"""When so many were tried in all, each further document gets the least."""
_PARTS: Final = frozenset(REFERENCE["properties"])
_DELEGATED: Final = ("format", "multipleOf", "uniqueItems")

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


class OutOfSteps(Exception):
    """Explaining has taken long enough."""


class Findings(Struct):
    """What is wrong with one value. `hidden` are scalars at the places of secrets, which no message may show."""

    errors: list[Any] = field(default_factory=list)
    hidden: set[tuple[str, Any]] = field(default_factory=set)
    complete: bool = True


class Engine:
    """Explains by one schema; makes its validator once."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self._asked: dict[tuple[str, str], Any] = {}
        # What is hidden is collected in one place while an explanation runs: two at a time could show a secret.
        self._lock = Lock()
        self._steps_left = _ALL_STEPS
        self._left = 0
        self._places: Places | None = None
        self._holding: dict[int, tuple[Any, bool]] = {}
        self._hidden: set[tuple[str, Any]] = set()
        self._validator = self._make()

    def errors(self, value: Any, most: int) -> Findings:
        """Return up to `most` errors of jsonschema for `value`; `complete` is False when it was given up."""
        with self._lock:
            return self._errors(value, most)

    def _errors(self, value: Any, most: int) -> Findings:
        found = Findings()
        self._hidden.clear()
        granted = self._left = max(_LEAST_STEPS, min(_STEPS, self._steps_left))
        try:
            for error in self._validator.iter_errors(value):
                found.errors.append(error)
                if len(found.errors) >= most:
                    break
        except (OutOfSteps, RecursionError):
            found.complete = False
        self._steps_left -= granted - self._left
        found.hidden = set(self._hidden)
        return found

    def verdicts(self, value: Any, most: int) -> list[tuple[tuple[str | int, ...], str]]:
        """Return jsonschema-rs's own errors as (place, keyword): all there is to say when jsonschema finds none."""
        try:
            found = []
            for error in compile_schema(self.schema).iter_errors(value):
                found.append((tuple(error.instance_path), str(error.kind.name)))
                if len(found) >= most:
                    break
        except ValueError:
            return [((), "encoding")]
        return found

    def matches(self, pattern: str, text: str) -> bool:
        """Whether a regular expression is found in `text`; False where it was given up."""
        return self._ask("pattern", pattern, text) == ""

    def holds_secret(self, schema: Any) -> bool:
        """Whether a secret goes to the place of `schema`, or to one inside it: a value there is best not shown."""
        if id(schema) not in self._holding:
            self._holding[id(schema)] = (schema, self._holds(schema))
        return self._holding[id(schema)][1]

    def _holds(self, start: Any) -> bool:
        self._places = self._places or Places(self.schema)
        seen: set[int] = set()
        waiting = [start]
        while waiting:
            schema = waiting.pop()
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            if is_secret(schema):
                return True
            seen.add(id(schema))
            waiting += [child for _, child in children(schema)]
            waiting += [self._places.find(schema[key]) for key in REFERENCES if isinstance(schema.get(key), str)]
        return False

    def _make(self) -> Any:
        from jsonschema import Draft7Validator, Draft202012Validator, validators
        from referencing import Registry
        from referencing.exceptions import NoSuchResource

        def refuse(uri: str) -> Any:
            raise NoSuchResource(ref=uri)  # type: ignore[call-arg]  # an attrs class that mypy does not see through

        base = validators.validator_for(self.schema, default=Draft202012Validator)
        changed: dict[str, Keyword] = {
            # jsonschema-rs judges it in later dialects too, as the specification recommends.
            "dependencies": Draft7Validator.VALIDATORS["dependencies"],
            **base.VALIDATORS,
            **{name: self._delegated(name) for name in _DELEGATED if name in base.VALIDATORS},
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "properties": self._properties,
            "additionalProperties": self._additional_properties,
            "propertyNames": self._property_names,
            "writeOnly": self._hide,
            "$comment": self._hide_reference,
        }
        if "unevaluatedProperties" in base.VALIDATORS:
            changed["unevaluatedProperties"] = self._unevaluated_properties
            changed["unevaluatedItems"] = self._unevaluated_items
        counted = {name: self._counted(keyword) for name, keyword in changed.items()}
        kind = validators.extend(base, counted)  # type: ignore[no-untyped-call]
        return kind(self.schema, registry=Registry(retrieve=refuse))  # type: ignore[call-arg]  # the library's own signature says so

    def _counted(self, keyword: Keyword) -> Keyword:
        def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            self._left -= 1
            if self._left <= 0:
                raise OutOfSteps
            yield from keyword(validator, value, instance, schema) or ()

        return counted

    def _ask(self, keyword: str, value: Any, instance: Any) -> str:
        """Return the empty string when jsonschema-rs accepts, else what its error is called."""
        key = (keyword, str(value))
        compiled = self._asked.get(key)
        if compiled is None:
            dialect = {k: self.schema[k] for k in ("$schema",) if k in self.schema}
            compiled = self._asked[key] = compile_schema({**dialect, keyword: value})
        try:
            if compiled.is_valid(instance):
                return ""
            return str(next(iter(compiled.iter_errors(instance))).message)[:40] or keyword
        except ValueError:
            return keyword

    def _delegated(self, keyword: str) -> Keyword:
        def ask(_validator: Any, value: Any, instance: Any, _schema: Any) -> Iterator[Any]:
            if self._ask(keyword, value, instance):
                yield _error("")

        return ask

    def _pattern(self, _validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
        if isinstance(instance, str):
            said = self._ask("pattern", pattern, instance)
            if said:
                yield _error(LIMIT if said.startswith("Error executing regex") else "")

    def _properties(self, validator: Any, properties: dict[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
        for key, subschema in properties.items() if isinstance(instance, dict) else ():
            if key in instance and subschema is False:
                # jsonschema's own error for it does not say where.
                yield _error("", path=[key], schema=False)
            elif key in instance:
                yield from validator.descend(instance[key], subschema, path=key, schema_path=key)

    def _pattern_properties(
        self, validator: Any, patterns: dict[str, Any], instance: Any, _schema: Any
    ) -> Iterator[Any]:
        for pattern, subschema in patterns.items() if isinstance(instance, dict) else ():
            for key, item in instance.items():
                if self.matches(pattern, key):
                    yield from validator.descend(item, subschema, path=key, schema_path=pattern)

    def extra_keys(self, instance: Any, schema: Mapping[str, Any]) -> list[str]:
        """Return the keys that neither `properties` nor `patternProperties` know."""
        known, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
        return [key for key in instance if key not in known and not any(self.matches(p, key) for p in patterns)]

    def _additional_properties(self, validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        extra = self.extra_keys(instance, schema) if isinstance(instance, dict) else []
        if isinstance(value, dict):
            for key in extra:
                yield from validator.descend(instance[key], value, path=key)
        elif value is False:
            yield from (_error("", path=[key]) for key in extra)

    def _property_names(self, validator: Any, names: Any, instance: Any, _schema: Any) -> Iterator[Any]:
        for key in instance if isinstance(instance, dict) else ():
            wrong = list(validator.descend(key, names))
            if wrong:
                yield _error("", path=[key], context=wrong)

    def _unevaluated_properties(self, validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        names = self._left_over("unevaluatedProperties", instance, schema) if isinstance(instance, dict) else []
        for key in [key for key in instance if key in names] if names else ():
            if isinstance(value, dict):
                yield from validator.descend(instance[key], value, path=key)
            elif value is False:
                yield _error("", path=[key])

    def _unevaluated_items(self, _validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if value is False and isinstance(instance, list) and self._left_over("unevaluatedItems", instance, schema):
            yield _error("")

    def _left_over(self, keyword: str, instance: Any, schema: Mapping[str, Any]) -> list[str]:
        """Ask jsonschema-rs what `schema` leaves unevaluated; the keyword's own bookkeeping uses `re`."""
        shared: dict[str, Any] = {k: self.schema[k] for k in ("$schema", "$defs", "definitions") if k in self.schema}
        try:
            errors = list(compile_schema({**shared, **schema, keyword: False}).iter_errors(instance))
        except (RegistrationError, ValueError):
            return []
        return [name for e in errors if e.kind.name == keyword and not e.instance_path for name in e.kind.unexpected]

    def _hide(self, _validator: Any, value: Any, instance: Any, _schema: Any) -> None:
        if value is True:
            self._note(instance)

    def _hide_reference(self, _validator: Any, _value: Any, instance: Any, schema: Any) -> None:
        if is_reference(schema) and isinstance(instance, dict) and "secret" in instance:
            self._note(instance)

    def _note(self, value: Any) -> None:
        """Remember every scalar and every key of what stands at the place of a secret."""
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                waiting += [key for key in one if key not in _PARTS]
                waiting += one.values()
            elif isinstance(one, list):
                waiting += one
            elif one is not None and not isinstance(one, bool):
                self._hidden.add((type(one).__name__, one))


def _error(message: str, **about: Any) -> Any:
    from jsonschema import ValidationError

    return ValidationError(message, **about)
