"""Findings about secret references: a literal where one must stand, a malformed one, one where none may stand.

Nothing of what stands at such a place is shown. `explain.py` calls this.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.config.explain.text import place_name
from reconciler.config.schemas.files import REFERENCE, is_reference, is_secret
from reconciler.model import rules
from reconciler.model.json import Path
from reconciler.model.secret import SecretRef

EXAMPLE: Final = 'write {secret: "env:NAME"} or {secret: "file:path"}'


class SecretTeller:
    """Words the errors of a reference's schema."""

    def __init__(self, add: Callable[[str, Path, str, str], None]) -> None:
        self._add = add

    def tell(self, error: Any, path: Path) -> None:
        """Add the finding that an error at, or inside, the place of a reference amounts to."""
        if is_reference(error.schema):
            self._place(error, path)
        elif error.schema is REFERENCE["properties"]["format"]:
            message = f"`{place_name(path)}` must hold `{{}}` once, where the value goes"
            self._add(rules.SECRET_REFERENCE, path, message, 'such as format: "Bearer {}"')
        else:
            message = f"`{place_name(path)}` is not a secret reference of the form scheme:path"
            self._add(
                rules.SECRET_REFERENCE, path, message, "write env:NAME, or file:PATH beneath the secrets directory"
            )

    def tell_literal(self, value: Any, path: Path) -> None:
        """Add a finding when `value`, which is meant for the place of a secret, is no reference."""
        if not isinstance(value, dict) or "secret" not in value:
            self._literal(path)

    def _place(self, error: Any, path: Path) -> None:
        # An error about an unknown key stands at that key; nothing of it is to be shown.
        place = path[:-1] if error.validator == "additionalProperties" else path
        if isinstance(error.instance, dict) and "secret" in error.instance:
            message = f"`{place_name(place)}`: a secret reference has the keys `secret` and `format` alone"
            self._add(rules.SECRET_REFERENCE, place, message, EXAMPLE)
        else:
            self._literal(place)

    def _literal(self, path: Path) -> None:
        message = f"`{place_name(path)}` is a secret: expected a reference, found a literal"
        self._add(rules.PLAINTEXT_SECRET, path, message, EXAMPLE)


def is_reference_part(schema: object) -> bool:
    """Whether a schema is that of `secret` or `format` inside a reference."""
    return any(schema is part for part in REFERENCE["properties"].values())


def is_misplaced_reference(error: Any) -> bool:
    """Whether a reference stands where the schema takes none: its own keys are not what is wrong with it."""
    value = error.instance
    if not isinstance(value, dict) or SecretRef.parse(value) is None:
        return False
    if error.validator in {"anyOf", "oneOf"} and any(map(is_reference, error.validator_value)):
        return False
    return not isinstance(error.schema, Mapping) or "secret" not in error.schema.get("properties", {})


def takes_secret(schema: object) -> bool:
    """Whether a secret goes to the place of `schema`, directly or by one of its branches."""
    if is_secret(schema):
        return True
    branches = schema.get("anyOf", ()) if isinstance(schema, Mapping) else ()
    return any(map(is_secret, branches))
