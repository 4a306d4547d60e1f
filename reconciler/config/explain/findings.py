"""The findings about one document: where each stands, why the schema asks for it, and what of a value may be shown.

It words nothing: `teller`, `keys` and `values` do.
"""

from typing import Any

from reconciler.config.explain.branches import condition
from reconciler.config.explain.engine import Engine
from reconciler.config.explain.text import because, found_text, kind_of
from reconciler.config.yaml.nodes import Written
from reconciler.config.yaml.reader import RawDocument
from reconciler.model.diagnostic import Diagnostic, Fix, Related, Severity
from reconciler.model.json import Path
from reconciler.model.secret_names import shown_path


class Findings:
    """Collects findings in `found`; `hidden` are the values, with their types, that stand at the place of a secret."""

    def __init__(
        self, engine: Engine, document: RawDocument, file: str, base: Path, hidden: set[tuple[str, Any]]
    ) -> None:
        self._engine = engine
        self._document = document
        self._file = file
        self._base = base
        self._hidden = hidden
        self._because = ""
        self._reasons: tuple[Related, ...] = ()
        self.found: list[Diagnostic] = []

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

    def related(self, path: Path, message: str) -> Related:
        """Return another place that a finding speaks of: the key at `path`."""
        return Related(self._document.span(path, self._file, key=True), message)

    def find_reason(self, error: Any, path: Path) -> None:
        """Note the condition of the schema under which an error is one, and where what meets it stands.

        The findings that are added next carry it.
        """
        constants = condition(self._engine.schema, error)
        self._because, self._reasons = because(constants), ()
        for length in range(len(path), len(self._base) - 1, -1) if constants else ():
            places = [(*path[:length], key) for key in constants]
            if all(self._document.holds(place) for place in places):
                self._reasons = tuple(self.related(place, "because of this") for place in places)
                return

    @property
    def has_reason(self) -> bool:
        """Whether the error that is told now is one under a condition."""
        return bool(self._because)

    def written(self, path: Path, *, key: bool = False) -> Written | None:
        """Return the scalar at `path`, or its key, where the file has it character by character."""
        return self._document.written(path, self._file, key=key)

    def source_text(self, path: Path) -> str | None:
        """Return a plain scalar as it was written."""
        return self._document.source_text(path)

    def shown(self, path: Path) -> Path:
        """Cut a path off before a key that stands inside a secret."""
        base = len(self._base)
        hidden = (i for i, part in enumerate(path[base:], base) if ("str", part) in self._hidden)
        return path[: next(hidden, len(path))]

    def describe(self, value: Any, schema: Any) -> str:
        """Return what was found, in words that show no secret."""
        return f"{kind_of(value)} that is not shown" if self.is_hidden(value, schema) else found_text(value)

    def is_hidden(self, value: Any, schema: Any) -> bool:
        """Whether a scalar stands at the place of a secret, or where a collection of secrets is wanted."""
        if value is None or isinstance(value, dict | list | bool):
            return False
        return (type(value).__name__, value) in self._hidden or self._engine.holds_secret(schema)
