"""Settings whose references to secrets are resolved, as a value."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from reconciler.model.json import Path
from reconciler.model.secret import Secret


class Resolved(Struct, frozen=True):
    """Settings with `Secret` objects at the places of references.

    `refs` are the references, as written; `places` says where which secret stands. Of the same settings, two are equal
    when their values are.
    """

    settings: Mapping[str, Any]
    refs: tuple[str, ...] = ()
    places: tuple[tuple[Path, Secret], ...] = ()
