"""The schema of test files: judged and explained by the machinery of configurations, and written for editors."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.config.schemas.schema import compile_schema
from reconciler.config.yaml.reader import RawDocument
from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.config.explain.explain import Explainer

PATH = Path(__file__).with_name("cases.schema.json")


def cases_schema() -> dict[str, Any]:
    """Return the published JSON Schema of a test file's document."""
    schema: dict[str, Any] = json.loads(PATH.read_bytes())
    return schema


def cases_bundle() -> dict[str, Any]:
    """Return the same for editors, whose validators know draft-07 alone: nothing stands beside a reference."""
    schema = _for_editors(cases_schema())
    return {**schema, "$schema": "http://json-schema.org/draft-07/schema#"}


def _for_editors(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_editors(item) for item in value]
    if not isinstance(value, dict):
        return value
    done = {key: _for_editors(item) for key, item in value.items()}
    if isinstance(done.get("$ref"), str) and len(done) > 1:
        done["allOf"] = [{"$ref": done.pop("$ref")}]
    return done


class CasesSchema:
    """Judges documents of test files; makes its machinery once."""

    def __init__(self) -> None:
        self._schema = cases_schema()
        self._validator = compile_schema(self._schema)
        self._explainer: Explainer | None = None

    def check(self, document: RawDocument, file: str) -> list[Diagnostic]:
        """Return what is wrong with a document by its schema; nothing where it fits."""
        try:
            if self._validator.is_valid(document.value):
                return []
        except ValueError:  # half of a surrogate pair
            pass
        if self._explainer is None:
            from reconciler.config.explain.explain import Explainer

            self._explainer = Explainer(self._schema)
        return self._explainer.explain(document, file, document.value, ())
