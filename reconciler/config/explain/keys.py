"""Findings about keys: missing, not known, or with a name that none may have. `teller` hands it such errors."""

from collections.abc import Mapping
from typing import Any

from reconciler.config.explain.findings import Findings
from reconciler.config.explain.fixes import rename_key
from reconciler.config.explain.secrets import SecretTeller, takes_secret
from reconciler.config.explain.text import describe_bounds, inside, place_name, shorten
from reconciler.core.findings.nearest import known_names, nearest
from reconciler.model import rules
from reconciler.model.json import Path
from reconciler.model.secret_names import shown_key


class KeyTeller:
    """Words the errors about the keys of a mapping."""

    def __init__(self, findings: Findings, secrets: SecretTeller) -> None:
        self._findings = findings
        self._secrets = secrets
        self._lacking: set[tuple[Path, str]] = set()

    def required(self, error: Any, path: Path) -> None:
        """Tell of the keys that are missing, once each."""
        # jsonschema makes one error of each missing key, and names it in its message alone.
        for name in error.validator_value:
            if name in error.instance or (path, name) in self._lacking:
                continue
            self._lacking.add((path, name))
            close = nearest(name, error.instance.keys() - error.schema.get("properties", {}).keys())
            if close is not None and error.schema.get("additionalProperties") is False:
                continue  # told as an unknown key, with this one as the nearest
            help_text = f"is `{close}` meant to be `{name}`?" if close else _add_help(name, error.schema)
            message = f"the key `{name}` is missing{inside(path)}"
            self._findings.add(rules.MISSING_KEY, path, message, help_text, key=True)

    def dependent_required(self, error: Any, path: Path) -> None:
        """Tell of the keys that another one needs beside it."""
        for name, needed in error.validator_value.items():
            if name in error.instance and isinstance(needed, list):
                for other in (one for one in needed if one not in error.instance and not _is_misspelt(one, error)):
                    message = f"`{name}` needs the key `{other}` beside it{inside(path)}"
                    self._findings.add(rules.MISSING_KEY, (*path, name), message, f"add `{other}:`", key=True)

    def unknown(self, error: Any, path: Path) -> None:
        """Tell of a key that the schema does not know, and which one may be meant."""
        if not error.path:
            message = f"`{place_name(path)}` has items or keys that are not known"
            self._findings.add(rules.INVALID_VALUE, path, message, "leave them out")
            return
        name, known = str(path[-1]), _known_keys(error.schema)
        patterns = list(error.schema.get("patternProperties", {}))
        if patterns and not known:
            message = f"`{shorten(shown_key(name))}` cannot be a key{inside(path[:-1])}"
            help_text = f"it must match {shorten(patterns[0], 100)}"
            self._findings.add(rules.INVALID_NAME, path, message, help_text, key=True)
            return
        near = nearest(name, known)
        message = f"the key `{shorten(shown_key(name))}` is not known{inside(path[:-1])}"
        help_text = f"did you mean `{near}`?" if near is not None else known_names(known) or "leave it out"
        if name.partition(":")[0] in known:
            help_text = "a space is missing after the colon: write `key: value`"
        fix = near and rename_key(self._findings.written(path, key=True), near, known, error.instance)
        self._findings.add(rules.UNKNOWN_KEY, path, message, help_text, key=True, fix=fix or None)
        if near is not None and takes_secret(known[near]):
            self._secrets.tell_literal(error.instance[name], path)

    def property_name(self, error: Any, path: Path) -> None:
        """Tell of a name that no key may have there."""
        first = error.context[0]
        help_text = describe_bounds(str(first.validator), first.validator_value, first.schema) or "use another name"
        message = f"`{shorten(shown_key(str(error.path[-1])))}` cannot be a key{inside(path[:-1])}"
        self._findings.add(rules.INVALID_NAME, path, message, help_text, key=True)


def _add_help(name: str, schema: Mapping[str, Any]) -> str:
    secret = takes_secret(schema.get("properties", {}).get(name))
    return f'add `{name}: {{secret: "env:NAME"}}`' if secret else f"add `{name}:`"


def _is_misspelt(name: str, error: Any) -> bool:
    """Whether a missing key is told as an unknown one, with this name as the nearest."""
    extra = error.instance.keys() - error.schema.get("properties", {}).keys()
    return error.schema.get("additionalProperties") is False and nearest(name, extra) is not None


def _known_keys(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that a schema speaks of, those of its branches included, with their schemas."""
    known: dict[str, Any] = dict(schema.get("properties", {}))
    for key in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(key, ()):
            if isinstance(branch, Mapping):
                known |= branch.get("properties", {})
    return known
