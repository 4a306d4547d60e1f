"""Whether the schema that editors complete by knows every integration that is installed: a note, never a finding.

`reconcile schema -o DIR/schema.json` and `reconcile init` write it. Only the names in it are looked at: writing it anew
to compare them whole takes as long as validating some hundred files.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from reconciler.config.files import Unreadable, Vanished, read_file

FILE: Final = "schema.json"
_FEW: Final = 5
_TITLE: Final = "reconcile configuration"
"""What tells the file from a schema of somebody else's."""


def stale_schema(base: str, prefix: str, installed: Callable[[], Sequence[str]]) -> str | None:
    """Return what to say of the schema in the root `base` that does not know what is `installed`, or None."""
    known = _known(f"{base}/{FILE}")
    new = [name for name in installed() if name not in known] if known is not None else []
    if not new:
        return None
    path, names = f"{prefix}{FILE}", ", ".join(new[:_FEW]) + (" and others" if len(new) > _FEW else "")
    verb = "is" if len(new) == 1 else "are"
    return f"{path} does not know {names}, which {verb} installed: `reconcile schema -o {path}` writes it anew"


def _known(path: str) -> frozenset[str] | None:
    """Return the integrations that the schema at `path` knows, or None where there is none of ours."""
    try:
        schema: Any = json.loads(read_file(path)[0])
        if schema["title"] != _TITLE:
            return None
        return frozenset(name for name in schema["properties"]["integration"]["enum"] if isinstance(name, str))
    except (Unreadable, Vanished, ValueError, LookupError, TypeError, RecursionError):
        return None
