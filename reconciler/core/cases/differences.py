"""Where two JSON values differ, place by place; and whether one contains the other. Pure.

`expect.py` asks for test cases. Containing: a text is contained in a text, keys are among others, the items of a list
are found in their order among others; anything else is equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from reconciler.model.json import Json, Path


class _Absent:
    """What stands for a value that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class Difference(Struct, frozen=True):
    """One place: what was wanted and what was found; either may be ABSENT."""

    path: Path
    wanted: Json | _Absent
    found: Json | _Absent


def differences(wanted: Any, found: Any, path: Path = ()) -> Iterator[Difference]:
    """Yield where `found` is not equal to `wanted`; `1`, `1.0` and `true` are told apart."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in dict.fromkeys((*wanted, *found)):
            yield from differences(wanted.get(key, ABSENT), found.get(key, ABSENT), (*path, key))
    elif _is_list(wanted) and _is_list(found):
        for index in range(max(len(wanted), len(found))):
            yield from differences(_item(wanted, index), _item(found, index), (*path, index))
    elif not _is_equal(wanted, found):
        yield Difference(path, wanted, found)


def lacking(wanted: Any, found: Any, path: Path = ()) -> Iterator[Difference]:
    """Yield what of `wanted` is not contained in `found`."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, item in wanted.items():
            yield from lacking(item, found.get(key, ABSENT), (*path, key))
    elif _is_list(wanted) and _is_list(found):
        yield from _lacking_items(wanted, found, path)
    elif isinstance(wanted, str) and isinstance(found, str):
        if wanted not in found:
            yield Difference(path, wanted, found)
    elif not _is_equal(wanted, found):
        yield Difference(path, wanted, found)


def _lacking_items(wanted: Sequence[Any], found: Sequence[Any], path: Path) -> Iterator[Difference]:
    """Find each wanted item behind the one before it; tell how the only candidate differs, else that there is none."""
    at = 0
    for index, item in enumerate(wanted):
        match = next((n for n in range(at, len(found)) if not any(lacking(item, found[n]))), None)
        if match is not None:
            at = match + 1
        elif len(wanted) == len(found):
            yield from lacking(item, found[index], (*path, index))
        else:
            yield Difference((*path, index), item, list(found[at:]))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_equal(wanted: Any, found: Any) -> bool:
    return type(wanted) is type(found) and bool(wanted == found)


def _item(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT
