"""What a change of one running configuration asks for: nothing, new routes, or a new generation."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from reconciler.core.plan.hiding import hide
from reconciler.model.config import ConfigDocument
from reconciler.model.json import Json, Path, canonical
from reconciler.model.plan import FieldChange


class Transition(StrEnum):
    """How to get from the document that runs to the one in force."""

    NOTHING = "nothing"
    REROUTE = "reroute"
    REPLACE = "replace"


_CALLS_CODE = ("settings", "scope")
"""The keys whose change an integration's code hears of; any other change only swaps routes."""


def transition(old: ConfigDocument, new: ConfigDocument) -> Transition:
    """Return how to get from `old`, which runs, to `new`, both enabled and of one id."""
    if old.digest == new.digest:
        return Transition.NOTHING
    if any(_differ(old.raw.get(key, {}), new.raw.get(key, {})) for key in _CALLS_CODE):
        return Transition.REPLACE
    return Transition.REROUTE


def changes(old: ConfigDocument, new: ConfigDocument) -> tuple[FieldChange, ...]:
    """Return every place in which two documents differ, in the order of their sorted paths.

    Mappings are entered, lists and scalars are compared whole. Secrets stand as their references, which hold no value;
    a literal at the place of one is masked.
    """
    return hide(_changes((), old.raw, new.raw), (*old.literals, *new.literals))


def _changes(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Sequence[FieldChange]:
    found: list[FieldChange] = []
    for key in sorted(old.keys() | new.keys()):
        here = (*path, key)
        if key not in new:
            found.append(FieldChange(here, old[key], None, "removed"))
        elif key not in old:
            found.append(FieldChange(here, None, new[key], "added"))
        elif isinstance(old[key], dict) and isinstance(new[key], dict):
            found.extend(_changes(here, old[key], new[key]))
        elif _differ(old[key], new[key]):
            found.append(FieldChange(here, old[key], new[key]))
    return found


def _differ(old: Json, new: Json) -> bool:
    """Compare as digests do: `1`, `1.0` and `true` are three values."""
    return canonical(old) != canonical(new)
