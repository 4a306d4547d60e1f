"""Words jsonschema's errors as diagnostics with a place and a line of help: hands each to who knows its keyword.

What is wrong with alternatives it tells itself. `explain.py` makes one for each document that is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.config.explain.branches import Meant, meant
from reconciler.config.explain.engine import LIMIT
from reconciler.config.explain.findings import Findings
from reconciler.config.explain.keys import KeyTeller
from reconciler.config.explain.secrets import SecretTeller, is_misplaced_reference, is_reference_part
from reconciler.config.explain.text import inside, join_names, name_of, place_name
from reconciler.config.explain.values import ValueTeller
from reconciler.config.schemas.files import is_reference
from reconciler.core.findings.nearest import nearest
from reconciler.model import rules
from reconciler.model.json import Path

_ORDER: Final = {"type": 0, "format": 1}
"""Of several errors of one value the clearest comes first, and the others are not told."""


class Teller:
    """Turns errors into findings, one by one. Types come first: nothing else is said of a value of the wrong type."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._settled: set[Path] = set()
        self._secrets = SecretTeller(findings.add)
        self._values = ValueTeller(findings)
        keys = KeyTeller(findings, self._secrets)
        self._by_keyword: dict[str, Callable[[Any, Path], None]] = {
            "required": keys.required,
            "dependentRequired": keys.dependent_required,
            "dependencies": keys.dependent_required,
            "additionalProperties": keys.unknown,
            "unevaluatedProperties": keys.unknown,
            "propertyNames": keys.property_name,
            "type": self._type,
            "enum": self._values.choice,
            "const": self._values.choice,
            "anyOf": self._branches,
            "oneOf": self._branches,
            "not": self._not,
        }

    def tell(self, error: Any, path: Path) -> None:
        """Add the findings that one error of jsonschema amounts to; `path` is its place in the document."""
        full, path = path, self._findings.shown(path)
        if path in self._settled:
            return
        self._findings.find_reason(error, path)
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
            self._findings.add(rules.SECRET_REFERENCE, place, message, "write the value itself")
        elif error.message == LIMIT:
            message = f"`{place_name(path)}` cannot be judged: a regular expression of the schema backtracks too long"
            help_text = "the integration's author has to write it more simply"
            self._findings.add(rules.VALIDATION_LIMIT, path, message, help_text)
        else:
            self._by_keyword.get(str(error.validator), self._values.misfit)(error, path)

    def _type(self, error: Any, path: Path) -> None:
        self._settled.add(path)
        self._values.wrong_kind(error, path, error.validator_value)

    def _forbidden(self, path: Path) -> None:
        others = "" if self._findings.has_reason else " together with the others"
        message = f"`{place_name(path)}` may not be set{others}"
        self._findings.add(rules.INVALID_VALUE, path, message, "leave it out, or change what forbids it", key=True)

    def _not(self, error: Any, path: Path) -> None:
        needed = error.validator_value.get("required") if isinstance(error.validator_value, Mapping) else None
        if not needed:
            message = f"`{place_name(path)}`: {self._findings.describe(error.instance, error.schema)} is not allowed"
            self._findings.add(rules.INVALID_VALUE, path, message, "write another value, or leave it out")
        elif len(needed) == 1:
            message = f"`{needed[0]}` may not be set together with the others"
            self._findings.add(rules.INVALID_VALUE, (*path, needed[0]), message, "leave it out", key=True)
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
            self._values.wrong_kind(error, path, told.kinds)
        elif told.choices:
            self._values.one_of(told.errors[0], self._findings.shown((*path, *told.path)), told.choices)
        elif told.missing:
            self._lack(told, error, path)
        elif not told.errors:
            self._values.misfit(error, path)
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
        help_text = f"add {join_names([f'{one[0]}:' for one in told.missing])}"
        self._findings.add(rules.MISSING_KEY, path, message, help_text, key=True)

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
            self._findings.add(rules.INVALID_VALUE, path, message, "keep the keys of one form alone")

    def _exclude(self, names: list[str], path: Path) -> None:
        message = f"{join_names(names, 'and')} exclude each other{inside(path)}"
        others = tuple(self._findings.related((*path, name), "set here too") for name in names[:-1])
        place = (*path, names[-1])
        self._findings.add(rules.INVALID_VALUE, place, message, "keep one of them", key=True, related=others)


def order_of(error: Any) -> int:
    """Return which errors are told first."""
    return _ORDER.get(str(error.validator), len(_ORDER))
