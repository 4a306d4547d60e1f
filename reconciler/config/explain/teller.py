"""Words jsonschema's errors, keyword by keyword, as diagnostics with a place and a line of help.

`explain.py` makes one for each document that is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.config.explain.branches import Meant, condition, meant
from reconciler.config.explain.engine import LIMIT, Engine
from reconciler.config.explain.fixes import choose, convert, rename_key
from reconciler.config.explain.secrets import SecretTeller, is_misplaced_reference, is_reference_part, takes_secret
from reconciler.config.explain.text import (
    DURATION,
    because,
    describe_bounds,
    describe_misfit,
    expected_kind,
    found_text,
    inside,
    join_names,
    kind_of,
    name_of,
    place_name,
    shorten,
    slug,
    yaml_found,
)
from reconciler.config.schemas.files import is_reference
from reconciler.config.yaml.nodes import Written
from reconciler.config.yaml.reader import RawDocument
from reconciler.core.findings.nearest import known_names, nearest
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Fix, Related, Severity
from reconciler.model.json import Path, canonical
from reconciler.model.secret_names import shown_key, shown_path

_ORDER: Final = {"type": 0, "format": 1}
"""Of several errors of one value the clearest comes first, and the others are not told."""
_MOST_NAME: Final = 63
_SIZES: Final = ("minItems", "maxItems", "minProperties", "maxProperties")


class Teller:
    """Turns errors into findings, one by one. Types come first: nothing else is said of a value of the wrong type."""

    def __init__(
        self, engine: Engine, document: RawDocument, file: str, base: Path, hidden: set[tuple[str, Any]]
    ) -> None:
        self._engine = engine
        self._document = document
        self._file = file
        self._base = base
        self._hidden = hidden
        self._settled: set[Path] = set()
        self._lacking: set[tuple[Path, str]] = set()
        self._because = ""
        self._reasons: tuple[Related, ...] = ()
        self._valued: set[Path] = set()
        self._secrets = SecretTeller(self.add)
        self.found: list[Diagnostic] = []
        self._by_keyword: dict[str, Callable[[Any, Path], None]] = {
            "required": self._required,
            "dependentRequired": self._dependent_required,
            "dependencies": self._dependent_required,
            "additionalProperties": self._unknown,
            "unevaluatedProperties": self._unknown,
            "propertyNames": self._property_name,
            "type": self._type,
            "enum": self._choice,
            "const": self._choice,
            "anyOf": self._branches,
            "oneOf": self._branches,
            "not": self._not,
        }

    def tell(self, error: Any, path: Path) -> None:
        """Add the findings that one error of jsonschema amounts to; `path` is its place in the document."""
        full, path = path, self._shown(path)
        if path in self._settled:
            return
        self._why(error, path)
        if error.schema is False:
            self._forbidden(path)
        elif is_reference(error.schema) or is_reference_part(error.schema):
            self._secrets.tell(error, full)
        elif is_misplaced_reference(error):
            # The mapping itself is meant, not one of its keys.
            place = (
                path[:-1]
                if error.path and error.validator in {"additionalProperties", "unevaluatedProperties"}
                else path
            )
            self._settled.add(place)
            message = f"`{place_name(place)}` takes no secret reference"
            self.add(rules.SECRET_REFERENCE, place, message, "write the value itself")
        elif error.message == LIMIT:
            message = f"`{place_name(path)}` cannot be judged: a regular expression of the schema backtracks too long"
            self.add(rules.VALIDATION_LIMIT, path, message, "the integration's author has to write it more simply")
        else:
            self._by_keyword.get(str(error.validator), self._value)(error, path)

    def add(
        self,
        rule: str,
        path: Path,
        message: str,
        help_text: str,
        *,
        key: bool = False,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        """Add one finding; `key` points at the key instead of its value."""
        span = self._document.span(path, self._file, key=key)
        told, path = message + self._because, shown_path(path)
        reasons = tuple(one for one in self._reasons if one.span != span)
        self.found.append(Diagnostic(rule, Severity.ERROR, told, span, help_text, path, (*related, *reasons), fix))

    def _related(self, path: Path, message: str) -> Related:
        return Related(self._document.span(path, self._file, key=True), message)

    def _why(self, error: Any, path: Path) -> None:
        """Note the condition of the schema under which an error is one, and where what meets it stands."""
        constants = condition(self._engine.schema, error)
        self._because, self._reasons = because(constants), ()
        for length in range(len(path), len(self._base) - 1, -1) if constants else ():
            places = [(*path[:length], key) for key in constants]
            if all(self._document.holds(place) for place in places):
                self._reasons = tuple(self._related(place, "because of this") for place in places)
                return

    def _written(self, path: Path, *, key: bool = False) -> Written | None:
        return self._document.written(path, self._file, key=key)

    def _shown(self, path: Path) -> Path:
        """Cut a path off before a key that stands inside a secret."""
        base = len(self._base)
        hidden = (i for i, part in enumerate(path[base:], base) if ("str", part) in self._hidden)
        return path[: next(hidden, len(path))]

    def _found(self, value: Any, schema: Any) -> str:
        return f"{kind_of(value)} that is not shown" if self._is_hidden(value, schema) else found_text(value)

    def _is_hidden(self, value: Any, schema: Any) -> bool:
        """Whether a scalar stands at the place of a secret, or where a collection of secrets is wanted."""
        if value is None or isinstance(value, dict | list | bool):
            return False
        return (type(value).__name__, value) in self._hidden or self._engine.holds_secret(schema)

    def _required(self, error: Any, path: Path) -> None:
        # jsonschema makes one error of each missing key, and names it in its message alone.
        for name in error.validator_value:
            if name in error.instance or (path, name) in self._lacking:
                continue
            self._lacking.add((path, name))
            close = nearest(name, error.instance.keys() - error.schema.get("properties", {}).keys())
            if close is not None and error.schema.get("additionalProperties") is False:
                continue  # told as an unknown key, with this one as the nearest
            help_text = f"is `{close}` meant to be `{name}`?" if close else self._add_help(name, error.schema)
            self.add(rules.MISSING_KEY, path, f"the key `{name}` is missing{inside(path)}", help_text, key=True)

    @staticmethod
    def _add_help(name: str, schema: Mapping[str, Any]) -> str:
        secret = takes_secret(schema.get("properties", {}).get(name))
        return f'add `{name}: {{secret: "env:NAME"}}`' if secret else f"add `{name}:`"

    def _dependent_required(self, error: Any, path: Path) -> None:
        for name, needed in error.validator_value.items():
            if name in error.instance and isinstance(needed, list):
                for other in (one for one in needed if one not in error.instance and not self._is_misspelt(one, error)):
                    message = f"`{name}` needs the key `{other}` beside it{inside(path)}"
                    self.add(rules.MISSING_KEY, (*path, name), message, f"add `{other}:`", key=True)

    @staticmethod
    def _is_misspelt(name: str, error: Any) -> bool:
        """Whether a missing key is told as an unknown one, with this name as the nearest."""
        extra = error.instance.keys() - error.schema.get("properties", {}).keys()
        return error.schema.get("additionalProperties") is False and nearest(name, extra) is not None

    def _unknown(self, error: Any, path: Path) -> None:
        if not error.path:
            message = f"`{place_name(path)}` has items or keys that are not known"
            self.add(rules.INVALID_VALUE, path, message, "leave them out")
            return
        name, known = str(path[-1]), _known_keys(error.schema)
        patterns = list(error.schema.get("patternProperties", {}))
        if patterns and not known:
            message = f"`{shorten(shown_key(name))}` cannot be a key{inside(path[:-1])}"
            self.add(rules.INVALID_NAME, path, message, f"it must match {shorten(patterns[0], 100)}", key=True)
            return
        near = nearest(name, known)
        message = f"the key `{shorten(shown_key(name))}` is not known{inside(path[:-1])}"
        help_text = f"did you mean `{near}`?" if near is not None else known_names(known) or "leave it out"
        if name.partition(":")[0] in known:
            help_text = "a space is missing after the colon: write `key: value`"
        fix = near and rename_key(self._written(path, key=True), near, known, error.instance)
        self.add(rules.UNKNOWN_KEY, path, message, help_text, key=True, fix=fix or None)
        if near is not None and takes_secret(known[near]):
            self._secrets.tell_literal(error.instance[name], path)

    def _property_name(self, error: Any, path: Path) -> None:
        first = error.context[0]
        help_text = describe_bounds(str(first.validator), first.validator_value, first.schema) or "use another name"
        message = f"`{shorten(shown_key(str(error.path[-1])))}` cannot be a key{inside(path[:-1])}"
        self.add(rules.INVALID_NAME, path, message, help_text, key=True)

    def _type(self, error: Any, path: Path) -> None:
        self._settled.add(path)
        self._wrong_kind(error, path, error.validator_value)

    def _wrong_kind(self, error: Any, path: Path, kinds: Any) -> None:
        name = name_of(path)
        if isinstance(error.schema, Mapping) and error.schema.get("title") == DURATION:
            message = f"{name}: expected a duration, found {self._found(error.instance, error.schema)}"
            self.add(rules.INVALID_DURATION, path, message, "write a number and a unit, such as 90s or 1h30m")
            return
        found, help_text, fix = self._found(error.instance, error.schema), "", None
        if not self._is_hidden(error.instance, error.schema):
            found, help_text = yaml_found(error.instance, self._document.source_text(path), kinds)
            fix = convert(self._written(path), error.instance, {kinds} if isinstance(kinds, str) else kinds)
        wanted = expected_kind(kinds)
        message = f"{name}: expected {wanted}, found {found}"
        self.add(rules.WRONG_TYPE, path, message, help_text or f"write {wanted}", fix=fix)

    def _choice(self, error: Any, path: Path) -> None:
        allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
        self._one_of(error, path, allowed)

    def _one_of(self, error: Any, path: Path, allowed: Any) -> None:
        names = [item if isinstance(item, str) else canonical(item) for item in allowed]
        near = nearest(error.instance, names) if isinstance(error.instance, str) else None
        message = (
            f"`{place_name(path)}`: expected {join_names(names)}, found {self._found(error.instance, error.schema)}"
        )
        otherwise = "write one of them" if len(names) > 1 else "write that"
        hidden = self._is_hidden(error.instance, error.schema)
        fix = None if hidden else choose(self._written(path), error.instance, near, allowed)
        self.add(rules.INVALID_VALUE, path, message, f"did you mean `{near}`?" if near else otherwise, fix=fix)

    def _value(self, error: Any, path: Path) -> None:
        if path in self._valued:
            return
        self._valued.add(path)
        name, keyword = name_of(path), str(error.validator)
        rule = rules.INVALID_NAME if path == ("name",) else rules.INVALID_VALUE
        if isinstance(error.schema, Mapping) and error.schema.get("title") == DURATION:
            rule = rules.INVALID_DURATION
        is_long = rule == rules.INVALID_NAME and len(error.instance) > _MOST_NAME
        wrong = describe_misfit("maxLength" if is_long else keyword, error.validator_value)
        message = f"{name}: {self._found(error.instance, error.schema)} {wrong}"
        if keyword in _SIZES:
            message = f"{name} has {len(error.instance)} {'items' if keyword.endswith('Items') else 'keys'}"
        elif keyword == "uniqueItems":
            message = f"{name} holds an item twice"
        elif keyword == "contains":
            message = f"{name} has too few or too many items of the kind that it needs"
        help_text = describe_bounds(keyword, error.validator_value, error.schema)
        if rule == rules.INVALID_NAME:
            help_text = _name_help(error.instance)
        self.add(rule, path, message, help_text or "`reconcile schema` says what may stand there")

    def _forbidden(self, path: Path) -> None:
        message = f"`{place_name(path)}` may not be set{'' if self._because else ' together with the others'}"
        self.add(rules.INVALID_VALUE, path, message, "leave it out, or change what forbids it", key=True)

    def _not(self, error: Any, path: Path) -> None:
        needed = error.validator_value.get("required") if isinstance(error.validator_value, Mapping) else None
        if not needed:
            message = f"`{place_name(path)}`: {self._found(error.instance, error.schema)} is not allowed"
            self.add(rules.INVALID_VALUE, path, message, "write another value, or leave it out")
        elif len(needed) == 1:
            message = f"`{needed[0]}` may not be set together with the others"
            self.add(rules.INVALID_VALUE, (*path, needed[0]), message, "leave it out", key=True)
        else:
            self._exclude(needed, path)

    def _branches(self, error: Any, path: Path) -> None:
        """Report the branch that the user meant; nobody is helped by hearing that none of them fits."""
        if not error.context:
            self._too_many(error, path)
            return
        told = meant(error)
        if told.kinds:
            self._settled.add(path)
            self._wrong_kind(error, path, told.kinds)
        elif told.choices:
            self._one_of(told.errors[0], self._shown((*path, *told.path)), told.choices)
        elif told.missing:
            self._lack(told, error, path)
        elif not told.errors:
            self._value(error, path)
        for sub in sorted(told.errors, key=order_of) if not told.choices else ():
            self.tell(sub, (*path, *sub.path))

    def _lack(self, told: Meant, error: Any, path: Path) -> None:
        needed = [name for group in told.missing for name in group]
        if error.schema.get("additionalProperties") is False and any(
            nearest(name, needed) for name in error.instance if name not in error.schema.get("properties", {})
        ):
            return  # told as an unknown key, with the nearest name
        groups = [join_names(group, "and") for group in told.missing]
        message = f"{join_names(groups, quote=False)} is missing{inside(path)}"
        self.add(
            rules.MISSING_KEY, path, message, f"add {join_names([f'{one[0]}:' for one in told.missing])}", key=True
        )

    def _too_many(self, error: Any, path: Path) -> None:
        """More than one branch of a `oneOf` holds: name the keys that choose between them."""
        groups = [branch.get("required", []) for branch in error.validator_value if isinstance(branch, Mapping)]
        names = [
            name for group in groups for name in group if isinstance(error.instance, dict) and name in error.instance
        ]
        if len(names) > 1:
            self._exclude(list(dict.fromkeys(names)), path)
        else:
            message = f"{name_of(path)} fits several forms of which it may have one"
            self.add(rules.INVALID_VALUE, path, message, "keep the keys of one form alone")

    def _exclude(self, names: list[str], path: Path) -> None:
        message = f"{join_names(names, 'and')} exclude each other{inside(path)}"
        others = tuple(self._related((*path, name), "set here too") for name in names[:-1])
        self.add(rules.INVALID_VALUE, (*path, names[-1]), message, "keep one of them", key=True, related=others)


def _name_help(name: Any) -> str:
    known = "write a-z and 0-9 with . _ - between, at most 63 characters"
    short = slug(name) if isinstance(name, str) else ""
    return f"{known}, such as {short}" if short else known


def order_of(error: Any) -> int:
    """Return which errors are told first."""
    return _ORDER.get(str(error.validator), len(_ORDER))


def _known_keys(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that a schema speaks of, those of its branches included, with their schemas."""
    known: dict[str, Any] = dict(schema.get("properties", {}))
    for key in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(key, ()):
            if isinstance(branch, Mapping):
                known |= branch.get("properties", {})
    return known
