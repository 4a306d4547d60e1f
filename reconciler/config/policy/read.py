"""From the `[[folder]]` entries of a `reconcile.toml` that fits its schema to a policy, or to what is wrong with it.

Schemas may stand in files of their own beneath the root: what reads those is given. Called by `config/tree/settings`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from reconciler.config.policy.globs import BadPattern, Ids, Patterns, References
from reconciler.config.policy.narrowing import Narrowing, read_narrowing
from reconciler.config.policy.policy import Folder
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.errors import RegistrationError
from reconciler.model.json import Path
from reconciler.model.rules import INVALID_VALUE

PATTERN_HELP: Final = "such as team-a/** or team-*/prod/*.yaml, relative to the root"

ReadSchema = Callable[[str], bytes]
"""Gives the bytes of a file beneath the root; raises OSError or ValueError, in words."""


class Places(Protocol):
    """Where everything stands in a document."""

    def span(self, path: Path, file: str, *, key: bool = False) -> Span:
        """Return where the value at `path` stands."""


class PolicyReader:
    """Reads the entries of one file; what is wrong with them is gathered in `found`."""

    def __init__(self, places: Places, file: str, read_schema: ReadSchema) -> None:
        self.found: list[Diagnostic] = []
        self._places = places
        self._file = file
        self._read_schema = read_schema

    def read(self, entries: list[dict[str, Any]]) -> list[Folder]:
        """Return the entries that make sense."""
        folders = [self._folder(("folder", index), entry) for index, entry in enumerate(entries)]
        return [folder for folder in folders if folder is not None]

    def _folder(self, path: Path, entry: Mapping[str, Any]) -> Folder | None:
        texts = [entry["path"]] if isinstance(entry["path"], str) else entry["path"]
        patterns = self._patterns((*path, "path"), texts)
        names = entry.get("integrations")
        scope = {key: [one] if isinstance(one, str) else one for key, one in entry.get("scope", {}).items()}
        settings = {
            name: self._narrowing((*path, "settings", name), value) for name, value in entry.get("settings", {}).items()
        }
        secrets = self._references((*path, "secrets"), entry["secrets"]) if "secrets" in entry else None
        fallbacks = self._ids((*path, "fallbacks"), entry["fallbacks"]) if "fallbacks" in entry else None
        if patterns is None:
            return None
        return Folder(
            texts[0],
            patterns,
            entry.get("name_prefix", ""),
            frozenset(names) if names is not None else None,
            scope,
            secrets,
            {name: narrowing for name, narrowing in settings.items() if narrowing is not None},
            fallbacks,
            self._spans(path, entry),
        )

    def _spans(self, path: Path, entry: Mapping[str, Any]) -> dict[Path, Span]:
        keys: list[Path] = [(), *((key,) for key in entry)]
        keys += [(key, name) for key in ("scope", "settings") for name in entry.get(key, {})]
        return {key: self._places.span((*path, *key), self._file) for key in keys}

    def _patterns(self, path: Path, texts: list[str]) -> Patterns | None:
        try:
            return Patterns(texts)
        except BadPattern as error:
            self._error(path, f"a path of the policy: {error}", PATTERN_HELP)
        return None

    def _references(self, path: Path, texts: list[str]) -> References | None:
        try:
            return References(texts)
        except BadPattern as error:
            self._error(path, f"a secret reference of the policy: {error}", "such as env:TEAM_A_* or file:team-a/**")
        return None

    def _ids(self, path: Path, texts: list[str]) -> Ids | None:
        try:
            return Ids(texts)
        except BadPattern as error:
            self._error(path, f"an id of the policy: {error}", "such as slack/a-* or email/oncall")
        return None

    def _narrowing(self, path: Path, value: Any) -> Narrowing | None:
        """Compile a schema, or the one in the file that is named."""
        try:
            schema = value if not isinstance(value, str) else _parse(self._read_schema(value))
            return read_narrowing(schema)
        except (OSError, ValueError, RegistrationError) as error:
            where = f"the schema {value[:100]}" if isinstance(value, str) else "this schema"
            help_text = "write a JSON Schema, or the path of a .json file beneath the root"
            self._error(path, f"{where} cannot be used: {error}", help_text)
        return None

    def _error(self, path: Path, message: str, help_text: str) -> None:
        span = self._places.span(path, self._file)
        self.found.append(Diagnostic(INVALID_VALUE, Severity.ERROR, message, span, help_text, path))


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands there twice: one of the two would not count, and nobody would know which."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it has a key twice")
    return found
