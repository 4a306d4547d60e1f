"""What an expression says before there is any event: that it is never right, is constant, or asks for certain types.

Says nothing where there is any doubt. Pure but for `evaluate`, which is given; `filter.py` calls it on what compiles.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from reconciler.core.filter.tree import (
    call_of,
    children_of,
    constant_of,
    is_constant,
    items_of,
    name_of,
    select_of,
)  # fmt: skip
from reconciler.core.findings.wrong import Wrong

_SCOPE_KEY: Final = re.compile(r"[a-z0-9]{1,20}\Z")
_RESERVED: Final = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"}
)
_READ: Final = {"timestamp": "timestamp", "duration": "duration", "int": "int", "uint": "uint", "double": "double"}

_IN_ZONE: Final = frozenset(
    f"get{part}"
    for part in (
        "FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear",
        "Hours", "Minutes", "Seconds", "Milliseconds",
    )
)  # fmt: skip
"""What a time is asked for, in the time zone that a text names."""
_A_ZONE: Final = "Europe/London"
"""A zone that there is wherever there are any: a machine without them says nothing of others."""
Evaluate = Callable[[str, str], bool]
"""Whether a function (`matches`, one that reads a text, or takes a zone) gives a value for a text, and no error."""


class Look(Struct, frozen=True):
    """What is certain. `types` are the event types that are asked for, None where others may match as well."""

    never: bool = False
    always: bool = False
    types: frozenset[str] | None = None


def look_at(root: bytes, container: str) -> Look:
    """Return what is certain of a compiled expression."""
    parts = list(_flat(root, "_&&_"))
    asked: dict[str, frozenset[str]] = {}
    for path, texts in (found for part in parts for found in _asked(part)):
        asked[path] = texts & asked.get(path, texts)
    never = any(constant_of(part) is False for part in parts) or not all(asked.values())
    always = not never and any(constant_of(part) is True for part in _flat(root, "_||_"))
    return Look(never, always, asked.get(f"{container}.type"))


def is_fixed(root: bytes, container: str) -> bool:
    """Whether an expression looks at nothing of an event."""
    return not any((name_of(node) or "").startswith(f"{container}.") for node in _all(root))


def find_wrong(root: bytes, text: str, container: str, evaluate: Evaluate) -> Wrong | None:
    """Return what can never be right in a compiled expression: a key of no scope, a text that cannot be read."""
    for node in _all(root):
        key = _scope_key(node, f"{container}.scope")
        if key is not None and (not _SCOPE_KEY.match(key) or key in _RESERVED):
            hint = "its keys have 1 to 20 characters of a-z and 0-9, and are no other attribute"
            return Wrong(f"no event has {key!r} in its scope", *_place(text, key), hint)
        name, operands = call_of(node)
        constant = constant_of(operands[-1]) if operands else None
        if not isinstance(constant, str):
            continue
        if name == "matches" and not evaluate(name, constant):
            hint = "write it in the syntax of RE2; a backslash in a text is written twice"
            return Wrong(f"the regular expression {constant[:60]!r} does not compile", *_place(text, constant), hint)
        if name in _READ and not evaluate(name, constant):
            return Wrong(f"{constant[:60]!r} is no {_READ[name]}", *_place(text, constant), _EXAMPLES.get(name, ""))
        if name in _IN_ZONE and not evaluate(name, constant) and evaluate(name, _A_ZONE):
            hint = 'a time zone is written as "Europe/Berlin" or "+02:00"'
            return Wrong(f"there is no time zone {constant[:60]!r}", *_place(text, constant), hint)
    return None


def _flat(node: bytes, operator: str) -> Iterator[bytes]:
    name, operands = call_of(node)
    if name != operator:
        yield node
        return
    for operand in operands:
        yield from _flat(operand, operator)


def _all(node: bytes) -> Iterator[bytes]:
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children_of(node)))


def _asked(part: bytes) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield places of the event and the texts that a part of a conjunction allows there."""
    name, operands = call_of(part)
    pairs: list[tuple[bytes, list[bytes]]] = []
    if name == "_==_":
        pairs = [(operands[0], [operands[1]]), (operands[1], [operands[0]])]
    elif name == "@in" and is_constant(operands[1]):
        pairs = [(operands[0], items_of(operands[1]))]
    for place, allowed in pairs:
        texts = [text for text in map(constant_of, allowed) if isinstance(text, str)]
        path = _path(place)
        if path is not None and len(texts) == len(allowed):
            yield path, frozenset(texts)


def _path(node: bytes) -> str | None:
    """Return `event.data.x` for what is no more than fields of a variable; other nodes may change from call to call."""
    name = name_of(node)
    if name is not None:
        return name
    selected = select_of(node)
    if selected is None:
        return None
    inner = _path(selected[0])
    return None if inner is None else f"{inner}.{selected[1]}"


def _scope_key(node: bytes, scope: str) -> str | None:
    """Return the key of the event's scope that a node asks for."""
    selected = select_of(node)
    if selected is not None and name_of(selected[0]) == scope:
        return selected[1]
    name, operands = call_of(node)
    if name not in {"_[_]", "@in"}:
        return None
    holder, key = operands if name == "_[_]" else operands[::-1]
    constant = constant_of(key)
    return constant if name_of(holder) == scope and isinstance(constant, str) else None


def _place(text: str, constant: str) -> tuple[int, int]:
    """Return where a constant or a name stands, the whole expression where that is not the only place it could be."""
    for quote in ('"', "'", ""):
        written = f"{quote}{constant}{quote}"
        if text.count(written) == 1:
            return text.index(written), len(written)
    return 0, len(text)


_EXAMPLES: Final = {
    "timestamp": 'a time is written as "2026-01-31T12:00:00Z"',
    "duration": 'a duration is written as "90s" or "1h30m"',
}
