"""Findings about values: of the wrong type, none of those that may stand there, or out of bounds. `teller` asks."""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.config.explain.findings import Findings
from reconciler.config.explain.fixes import choose, convert
from reconciler.config.explain.text import (
    DURATION,
    describe_bounds,
    describe_misfit,
    expected_kind,
    join_names,
    name_of,
    place_name,
    slug,
    yaml_found,
)
from reconciler.core.findings.nearest import nearest
from reconciler.model import rules
from reconciler.model.json import Path, canonical

_MOST_NAME: Final = 63
_SIZES: Final = ("minItems", "maxItems", "minProperties", "maxProperties")


class ValueTeller:
    """Words the errors about one value."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._valued: set[Path] = set()

    def wrong_kind(self, error: Any, path: Path, kinds: Any) -> None:
        """Tell of a value that is none of `kinds`, JSON Schema's names of types."""
        name, findings = name_of(path), self._findings
        if isinstance(error.schema, Mapping) and error.schema.get("title") == DURATION:
            message = f"{name}: expected a duration, found {findings.describe(error.instance, error.schema)}"
            findings.add(rules.INVALID_DURATION, path, message, "write a number and a unit, such as 90s or 1h30m")
            return
        found, help_text, fix = findings.describe(error.instance, error.schema), "", None
        if not findings.is_hidden(error.instance, error.schema):
            found, help_text = yaml_found(error.instance, findings.source_text(path), kinds)
            fix = convert(findings.written(path), error.instance, {kinds} if isinstance(kinds, str) else kinds)
        wanted = expected_kind(kinds)
        message = f"{name}: expected {wanted}, found {found}"
        findings.add(rules.WRONG_TYPE, path, message, help_text or f"write {wanted}", fix=fix)

    def choice(self, error: Any, path: Path) -> None:
        """Tell of a value that is not the one, or one of those, that may stand there."""
        allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
        self.one_of(error, path, allowed)

    def one_of(self, error: Any, path: Path, allowed: Any) -> None:
        """Tell of a value that is none of `allowed`, and which of them may be meant."""
        findings = self._findings
        names = [item if isinstance(item, str) else canonical(item) for item in allowed]
        near = nearest(error.instance, names) if isinstance(error.instance, str) else None
        found = findings.describe(error.instance, error.schema)
        message = f"`{place_name(path)}`: expected {join_names(names)}, found {found}"
        otherwise = "write one of them" if len(names) > 1 else "write that"
        hidden = findings.is_hidden(error.instance, error.schema)
        fix = None if hidden else choose(findings.written(path), error.instance, near, allowed)
        findings.add(rules.INVALID_VALUE, path, message, f"did you mean `{near}`?" if near else otherwise, fix=fix)

    def misfit(self, error: Any, path: Path) -> None:
        """Tell of a value that a keyword refuses: of several errors of one value, the first."""
        if path in self._valued:
            return
        self._valued.add(path)
        name, keyword = name_of(path), str(error.validator)
        rule = rules.INVALID_NAME if path == ("name",) else rules.INVALID_VALUE
        if isinstance(error.schema, Mapping) and error.schema.get("title") == DURATION:
            rule = rules.INVALID_DURATION
        is_long = rule == rules.INVALID_NAME and len(error.instance) > _MOST_NAME
        wrong = describe_misfit("maxLength" if is_long else keyword, error.validator_value)
        message = f"{name}: {self._findings.describe(error.instance, error.schema)} {wrong}"
        if keyword in _SIZES:
            message = f"{name} has {len(error.instance)} {'items' if keyword.endswith('Items') else 'keys'}"
        elif keyword == "uniqueItems":
            message = f"{name} holds an item twice"
        elif keyword == "contains":
            message = f"{name} has too few or too many items of the kind that it needs"
        help_text = describe_bounds(keyword, error.validator_value, error.schema)
        if rule == rules.INVALID_NAME:
            help_text = _name_help(error.instance)
        self._findings.add(rule, path, message, help_text or "`reconcile schema` says what may stand there")


def _name_help(name: Any) -> str:
    known = "write a-z and 0-9 with . _ - between, at most 63 characters"
    short = slug(name) if isinstance(name, str) else ""
    return f"{known}, such as {short}" if short else known
