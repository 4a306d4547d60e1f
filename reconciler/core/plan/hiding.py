"""Masks literals that stand at places of secrets in the fields of a plan. References hold no value and stay.

Pure. Literals are there with `--allow-plaintext-secrets` alone; which places those are, validation knows.
"""

from collections.abc import Collection

from msgspec.structs import replace

from reconciler.model.json import Json, Path
from reconciler.model.plan import FieldChange
from reconciler.model.secret import MASK, SecretRef


def hide(changes: Collection[FieldChange], places: Collection[Path]) -> tuple[FieldChange, ...]:
    """Return the changes with whatever stands at, or beneath, one of `places` masked."""
    if not places:
        return tuple(changes)
    return tuple(
        replace(one, old=_hidden(one.path, one.old, places), new=_hidden(one.path, one.new, places)) for one in changes
    )


def _hidden(path: Path, value: Json, places: Collection[Path]) -> Json:
    for place in places:
        if path[: len(place)] == place:
            return _mask(value)
        if place[: len(path)] == path:
            value = _inside(value, place[len(path) :])
    return value


def _mask(value: Json) -> Json:
    is_shown = value is None or SecretRef.parse(value) is not None
    return value if is_shown else MASK


def _inside(value: Json, place: Path) -> Json:
    """Return `value` with what stands at `place` in it masked; as it is where there is no such place."""
    if not place:
        return _mask(value)
    key = place[0]
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return {**value, key: _inside(value[key], place[1:])}
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return [_inside(item, place[1:]) if index == key else item for index, item in enumerate(value)]
    return value
