"""Why a document is not valid: jsonschema's findings as diagnostics that a person can act on.

Called only after jsonschema-rs said no. `engine.py` finds the errors, `branches.py` chooses among branches, `teller.py`
has them worded by `keys.py`, `values.py` and `secrets.py`, and `findings.py` holds what came of it. A value at the
place of a secret is never shown.
"""

from typing import Any, Final

from reconciler.config.explain.engine import Engine
from reconciler.config.explain.findings import Findings
from reconciler.config.explain.teller import Teller, order_of
from reconciler.config.explain.text import name_of
from reconciler.config.yaml.reader import RawDocument
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json import Path

MOST: Final = 50
"""The most findings that one document gets."""


class Explainer:
    """Explains by one schema; keep it, since making its machinery costs a hundred times a verdict."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._engine = Engine(schema)

    def explain(self, document: RawDocument, file: str, value: Any, base: Path) -> list[Diagnostic]:
        """Return the findings about `value`, which stands at `base` in `document` and which the schema refuses."""
        found = self._engine.errors(value, MOST)
        findings = Findings(self._engine, document, file, base, found.hidden)
        teller = Teller(findings)
        for error in sorted(found.errors, key=order_of):
            teller.tell(error, (*base, *error.absolute_path))
        if not found.complete:
            message = "the schema is too large to explain all that is wrong here"
            findings.add(rules.VALIDATION_LIMIT, base, message, "its author can make it smaller")
        if not findings.found or not found.complete:
            # Should the two libraries differ, the verdict stands, and what can be said is said.
            for path, keyword in self._engine.verdicts(value, MOST):
                place = (*base, *path)
                message = f"{name_of(place)} does not fit `{keyword}` of the schema"
                findings.add(rules.INVALID_VALUE, place, message, "`reconcile schema` says what may stand there")
        return list(dict.fromkeys(findings.found))[:MOST]
