"""A compiled expression as a tree, out of what its library serializes; `cost` and `look` walk it.

Messages of protocol buffers as in cel/expr/checked.proto and syntax.proto; a node is the bytes of an `Expr`. Pure.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

CONST, IDENT, SELECT, CALL, LIST, STRUCT, LOOP = 3, 4, 5, 6, 7, 8, 9
"""The kinds of nodes, by the numbers of their fields."""
_TEXT: Final = 6
_BOOL: Final = 2

Fields: TypeAlias = dict[int, list[Any]]


class Node(bytes):
    """A message: several look at the same tree, so its fields are read once."""

    fields: Fields | None = None


def root_of(serialized: bytes) -> bytes:
    """Return the topmost node of a checked expression."""
    checked: bytes = fields_of(serialized)[2][0]
    root: bytes = fields_of(checked)[4][0]
    return root


def call_of(node: bytes) -> tuple[str, list[bytes]]:
    """Return the name of the function that a node calls and its operands, the receiver first; no name for others."""
    call = fields_of(node).get(CALL)
    if call is None:
        return "", []
    parts = fields_of(call[0])
    return parts[2][0].decode(), [*parts.get(1, []), *parts.get(3, [])]


def name_of(node: bytes) -> str | None:
    """Return the name of a variable, in its container."""
    found = fields_of(node).get(IDENT)
    return None if found is None else fields_of(found[0])[1][0].decode()


def select_of(node: bytes) -> tuple[bytes, str] | None:
    """Return what a field is taken out of, and the field: `x.y`, or `has(x.y)`."""
    found = fields_of(node).get(SELECT)
    if found is None:
        return None
    parts = fields_of(found[0])
    return parts[1][0], parts[2][0].decode()


def constant_of(node: bytes) -> str | bool | None:
    """Return a constant that is a text or a boolean."""
    found = fields_of(node).get(CONST)
    if found is None:
        return None
    parts = fields_of(found[0])
    if _TEXT in parts:
        return str(parts[_TEXT][0].decode("utf-8", "replace"))
    return bool(parts[_BOOL][0]) if _BOOL in parts else None


def items_of(node: bytes) -> list[bytes]:
    """Return the items of a list that is written out."""
    found = fields_of(node).get(LIST)
    return [] if found is None else fields_of(found[0]).get(1, [])


def children_of(node: bytes) -> list[bytes]:
    """Return the nodes right beneath a node."""
    kinds = fields_of(node)
    if SELECT in kinds:
        return [fields_of(kinds[SELECT][0])[1][0]]
    if STRUCT in kinds:
        entries = [fields_of(entry) for entry in fields_of(kinds[STRUCT][0]).get(2, [])]
        return [entry[part][0] for entry in entries for part in (3, 4) if part in entry]
    if LOOP in kinds:
        loop = fields_of(kinds[LOOP][0])
        return [loop[part][0] for part in (2, 4, 5, 6, 7) if part in loop]
    return call_of(node)[1] or items_of(node)


def is_constant(node: bytes) -> bool:
    """Whether a node is a constant, or a list of constants."""
    kinds = fields_of(node)
    if LIST in kinds:
        return all(map(is_constant, items_of(node)))
    return CONST in kinds


def fields_of(data: bytes) -> Fields:
    """Return the fields of a message of protocol buffers by their numbers; see cel/expr/checked.proto, syntax.proto."""
    known = data.fields if data.__class__ is Node else None
    if known is not None:
        return known
    found: Fields = {}
    for number, value in _pairs(data):
        found.setdefault(number, []).append(value)
    if data.__class__ is Node:
        data.fields = found
    return found


def _pairs(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(key & 7)
        if size is None:
            size, at = _varint(data, at)
        yield key >> 3, Node(data[at : at + size])
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
