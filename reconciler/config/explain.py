"""Why a document is not valid: jsonschema's findings as diagnostics that a person can act on.

Called only after jsonschema-rs said no. Regular expressions are left to jsonschema-rs here too: Python's can run for
seconds on a hostile pattern. A value at the place of a secret is never shown.
"""

from collections.abc import Callable, Iterator
from typing import Any

from reconciler.config.explain_text import (
    describe_bounds,
    expected_kind,
    found_text,
    join_names,
    yaml_surprise,
)
from reconciler.config.nearest import did_you_mean, nearest
from reconciler.config.reader import RawDocument
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json import Path

_MAX = 50
"""The most findings that one document gets."""
_LOGIC = ("anyOf", "oneOf")


def explain(document: RawDocument, file: str, schema: dict[str, Any], value: Any, base: Path) -> list[Diagnostic]:
    """Return the findings about `value`, which stands at `base` in `document` and which `schema` refuses."""
    teller = _Teller(document, file, base)
    for error in _errors(schema, value):
        teller.tell(error)
        if len(teller.found) >= _MAX:
            break
    if not teller.found:
        # The two libraries differ: the verdict stands, and what can be said is said.
        span = document.span(base, file)
        message = "the settings do not fit the integration's schema" if base else "the document is not valid"
        return [Diagnostic(rules.INVALID_VALUE, Severity.ERROR, message, span, "", base)]
    return list(dict.fromkeys(teller.found))


def _errors(schema: dict[str, Any], value: Any) -> Iterator[Any]:
    from jsonschema import Draft202012Validator, validators
    from referencing import Registry
    from referencing.exceptions import NoSuchResource

    def refuse(uri: str) -> Any:
        raise NoSuchResource(ref=uri)

    base = validators.validator_for(schema, default=Draft202012Validator)
    kind = validators.extend(base, {"pattern": _pattern, "patternProperties": _pattern_properties})
    validator = kind(schema, registry=Registry(retrieve=refuse), format_checker=base.FORMAT_CHECKER)  # type: ignore[call-arg]  # the library's own signature says so
    return iter(validator.iter_errors(value))


def _matches(pattern: str, text: str) -> bool:
    from reconciler.config.schema import compile_schema

    return bool(compile_schema({"type": "string", "pattern": pattern}).is_valid(text))


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError("does not match")


def _pattern_properties(validator: Any, patterns: dict[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for key, item in instance.items():
            if _matches(pattern, key):
                yield from validator.descend(item, subschema, path=key, schema_path=pattern)


class _Teller:
    """Turns errors into findings, one by one."""

    def __init__(self, document: RawDocument, file: str, base: Path) -> None:
        self._document = document
        self._file = file
        self._base = base
        self.found: list[Diagnostic] = []
        self._by_keyword: dict[str, Callable[[Any, Path], None]] = {
            "required": self._required,
            "dependentRequired": self._dependent_required,
            "additionalProperties": self._unknown,
            "unevaluatedProperties": self._unknown,
            "propertyNames": self._property_name,
            "type": self._type,
            "enum": self._choice,
            "const": self._choice,
            "anyOf": self._branches,
            "oneOf": self._branches,
        }

    def tell(self, error: Any, prefix: Path = ()) -> None:
        """Add the findings that one error of jsonschema amounts to."""
        path = (*self._base, *prefix, *error.path)
        if error.schema is False:
            name = path[-1] if path else "the value"
            self._add(rules.INVALID_VALUE, path, f"`{name}` may not be set together with the others", key=True)
            return
        if error.schema is not None and isinstance(error.schema, dict) and _is_reference(error.schema):
            self._reference(error, path)
            return
        self._by_keyword.get(str(error.validator), self._value)(error, path)

    def _add(self, rule: str, path: Path, message: str, help_text: str = "", *, key: bool = False) -> None:
        span = self._document.span(path, self._file, key=key)
        self.found.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path))

    def _required(self, error: Any, path: Path) -> None:
        for name in error.validator_value:
            if name not in error.instance:
                known = error.schema.get("properties", {})
                close = nearest(name, error.instance.keys() - known.keys())
                help_text = f"is `{close}` meant to be `{name}`?" if close else f"add `{name}:`"
                self._add(rules.MISSING_KEY, path, f"the key `{name}` is missing", help_text, key=True)

    def _dependent_required(self, error: Any, path: Path) -> None:
        for name, needed in error.validator_value.items():
            missing = [n for n in needed if n not in error.instance] if name in error.instance else []
            for other in missing:
                self._add(rules.MISSING_KEY, path, f"`{name}` needs the key `{other}` beside it", f"add `{other}:`", key=True)

    def _unknown(self, error: Any, path: Path) -> None:
        known = error.schema.get("properties", {}).keys()
        patterns = list(error.schema.get("patternProperties", {}))
        for name in error.instance:
            if name in known or any(_matches(pattern, name) for pattern in patterns):
                continue
            message = f"the key `{name[:60]}` is not known"
            self._add(rules.UNKNOWN_KEY, (*path, name), message, did_you_mean(name, known), key=True)

    def _property_name(self, error: Any, path: Path) -> None:
        name = str(error.instance)
        help_text = describe_bounds(error.context[0] if error.context else error)
        self._add(rules.INVALID_NAME, (*path, name), f"`{name[:60]}` cannot be a key here", help_text, key=True)

    def _type(self, error: Any, path: Path) -> None:
        written = self._document.source_text(path)
        surprise = yaml_surprise(error, written)
        message = f"expected {expected_kind(error.validator_value)}, found {found_text(error, written)}"
        self._add(rules.WRONG_TYPE, path, message, surprise)

    def _choice(self, error: Any, path: Path) -> None:
        allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
        names = [str(item) for item in allowed]
        found = found_text(error, None)
        help_text = did_you_mean(error.instance, names) if isinstance(error.instance, str) else ""
        self._add(rules.INVALID_VALUE, path, f"expected {join_names(names)}, found {found}", help_text)

    def _value(self, error: Any, path: Path) -> None:
        name = path[-1] if path else ""
        rule = rules.INVALID_VALUE
        if isinstance(error.schema, dict) and error.schema.get("title") == "a duration":
            rule = rules.INVALID_DURATION
        elif path == ("name",):
            rule = rules.INVALID_NAME
        message = f"`{name}`: {found_text(error, None)} is not valid" if name != "" else "the value is not valid"
        self._add(rule, path, message, describe_bounds(error))

    def _branches(self, error: Any, path: Path) -> None:
        """Report the branch that the user meant: by presence, by kind, by the fewest and deepest errors."""
        if not error.context:
            self._too_many(error, path)
            return
        branches: dict[int, list[Any]] = {}
        for sub in error.context:
            branches.setdefault(sub.schema_path[0], []).append(sub)
        if all(len(b) == 1 and b[0].validator == "required" and not b[0].path for b in branches.values()):
            names = [name for b in branches.values() for name in b[0].validator_value]
            self._add(rules.MISSING_KEY, path, f"one of {join_names(names)} is missing", f"add `{names[0]}:`", key=True)
            return
        chosen = min(branches.values(), key=_distance)
        prefix = tuple(path[len(self._base) :])
        for sub in chosen:
            self.tell(sub, prefix)

    def _too_many(self, error: Any, path: Path) -> None:
        """More than one branch of a `oneOf` holds: name the keys that choose between them."""
        needed = [branch.get("required", []) for branch in error.validator_value if isinstance(branch, dict)]
        names = [name for group in needed for name in group if name in error.instance]
        if names and isinstance(error.instance, dict):
            message = f"{join_names(names, 'and')} exclude each other"
            self._add(rules.INVALID_VALUE, (*path, names[-1]), message, "keep one of them", key=True)
        else:
            self._add(rules.INVALID_VALUE, path, "the value fits several forms of which it may have one")

    def _reference(self, error: Any, path: Path) -> None:
        """A secret has to stand here, and something else does: nothing of it is shown."""
        example = '{secret: "env:NAME"} or {secret: "file:path"}'
        if error.validator == "type":
            if path and path[-1] in {"secret", "format"}:
                self._add(rules.SECRET_REFERENCE, path, f"`{path[-1]}` must be a string", f"write {example}")
            else:
                name = path[-1] if path else "the value"
                self._add(rules.PLAINTEXT_SECRET, path, f"`{name}` is a secret and must be a reference", f"write {example}")
            return
        self._add(rules.SECRET_REFERENCE, path, "not a secret reference", f"write {example}")


def _is_reference(schema: dict[str, Any]) -> bool:
    return schema.get("$comment") == "secret-reference"


def _distance(errors: list[Any]) -> tuple[int, int, int, int]:
    """How far a branch is from what was written; the nearest is the one that was meant."""
    wrong_kind = sum(1 for e in errors if e.validator == "type" and len(e.relative_path) <= _depth(e))
    wrong_choice = sum(1 for e in errors if e.validator in {"const", "enum"})
    reference = sum(1 for e in errors if isinstance(e.schema, dict) and _is_reference(e.schema))
    return (wrong_kind, wrong_choice, reference, len(errors))


def _depth(error: Any) -> int:
    return len(error.parent.path) if error.parent is not None else 0
