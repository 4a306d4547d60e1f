"""What a `when` may cost. CEL's library bounds how often an expression loops, not what each turn makes or reads.

An evaluation cannot be interrupted, and nothing else of the process runs meanwhile; so what could grow without bound is
refused when it is compiled, and what is left is weighed against the event. Pure; `filter.py` calls it.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from reconciler.core.filter.tree import (
    CALL,
    CONST,
    IDENT,
    LIST,
    LOOP,
    SELECT,
    STRUCT,
    Fields,
    fields_of,
    is_constant,
)  # fmt: skip

LIMIT: Final = 50_000_000
"""How many values an evaluation may read: about a second."""
_TURNS: Final = 10_000
"""How many turns of all its loops CEL's library allows an evaluation."""
_MOST_JOINS: Final = 8
_HEAVY: Final = {"_==_": 1, "_!=_": 1, "_<_": 1, "_<=_": 1, "_>_": 1, "_>=_": 1, "@in": 1, "size": 1, "string": 1,
                 "bytes": 1, "contains": 1, "startsWith": 1, "endsWith": 1, "matches": 8}  # fmt: skip
_ALWAYS: Final = frozenset({"contains", "matches", "size", "string", "bytes"})
"""Those that read the whole of a text, also where the other operand is a constant."""
_SCALARS: Final = frozenset({"int", "uint", "double", "size", "duration", "timestamp"})


class TooCostly(ValueError):
    """An expression that could make values without bound."""


class Cost(Struct):
    """What an expression reads at most: `once` and `in_loops` count operations that may read a whole event."""

    once: int = 0
    in_loops: int = 0
    depth: int = 0
    joins: int = 0
    copies: int = 1
    widest: int = 0

    def of(self, weight: int, longest: int) -> int:
        """Return how many values are read of an event of this weight, whose longest list or object is `longest`."""
        turns = _TURNS if self.depth > 1 else min(_TURNS, max(longest, self.widest))
        return (self.once + self.in_loops * turns) * weight * (self.copies + self.joins)

    def add(self, node: bytes, depth: int = 0) -> None:
        """Add an expression `depth` loops deep; raises TooCostly."""
        kinds = fields_of(node)
        if SELECT in kinds:
            self.add(fields_of(kinds[SELECT][0])[1][0], depth)
        elif CALL in kinds:
            self._call(fields_of(kinds[CALL][0]), depth)
        elif LIST in kinds:
            self._literal(fields_of(kinds[LIST][0]).get(1, []), depth)
        elif STRUCT in kinds:
            entries = [fields_of(entry) for entry in fields_of(kinds[STRUCT][0]).get(2, [])]
            self._literal([entry[part][0] for entry in entries for part in (3, 4) if part in entry], depth)
        elif LOOP in kinds:
            self._loop(fields_of(kinds[LOOP][0]), depth)

    def _call(self, call: Fields, depth: int) -> None:
        name = call[2][0].decode()
        operands = [*call.get(1, []), *call.get(3, [])]
        if name == "_+_" and not any(map(_is_scalar, operands)):
            if depth:
                raise TooCostly("texts and lists cannot be joined with '+' inside of a loop")
            self.joins += 1
            if self.joins > _MOST_JOINS:
                raise TooCostly(f"at most {_MOST_JOINS} texts or lists can be joined with '+'")
        if name in _HEAVY and (name in _ALWAYS or not any(map(is_constant, operands))):
            if depth:
                self.in_loops += _HEAVY[name]
            else:
                self.once += _HEAVY[name]
        for operand in operands:
            self.add(operand, depth)

    def _literal(self, parts: list[bytes], depth: int) -> None:
        variable = [part for part in parts if not is_constant(part)]
        if variable and depth:
            raise TooCostly("a list or an object inside of a loop can hold constants alone")
        self.copies += len(variable)
        self.widest = max(self.widest, len(parts))
        for part in variable:
            self.add(part, depth)

    def _loop(self, loop: Fields, depth: int) -> None:
        self.depth = max(self.depth, depth + 1)
        self.add(loop[2][0], depth)
        step = loop[6][0]
        if LIST in fields_of(loop[4][0]):  # `filter` and `map` gather a list
            step = _condition(step, loop[1][0])
        elif (counted := _choice(step)) is not None:  # `exists_one` counts
            step = counted[0]
        self.add(step, depth + 1)


def cost_of(root: bytes) -> Cost:
    """Return the cost of a checked expression by its topmost node; raises TooCostly."""
    cost = Cost()
    cost.add(root)
    return cost


def weight_of(value: Any) -> tuple[int, int]:
    """Return how much there is to read in a JSON value, and how long its longest list or object is."""
    weight = longest = 0
    pending = [value]
    while pending:
        item = pending.pop()
        weight += 1
        if isinstance(item, str):
            weight += len(item) // 16
        elif isinstance(item, Mapping):
            longest = max(longest, len(item))
            weight += sum(1 + len(key) // 16 for key in item)
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            longest = max(longest, len(item))
            pending.extend(item)
    return weight, longest


def _condition(step: bytes, variable: bytes) -> bytes:
    """Return what `filter` asks of each item; `map` makes others of them, which could hold what is around."""
    chosen = _choice(step)
    if chosen is not None:
        gathered = _operands(chosen[1], "_+_")
        if len(gathered) == 2:
            items = fields_of(fields_of(gathered[1]).get(LIST, [b""])[0]).get(1, [])
            if len(items) == 1 and fields_of(fields_of(items[0]).get(IDENT, [b""])[0]).get(1) == [variable]:
                return chosen[0]
    raise TooCostly("'map' is not available here: ask with exists or all, or take items out with filter")


def _choice(node: bytes) -> list[bytes] | None:
    found = _operands(node, "_?_:_")
    return found if len(found) == 3 else None


def _operands(node: bytes, name: str) -> list[bytes]:
    call = fields_of(fields_of(node).get(CALL, [b""])[0])
    return call.get(3, []) if call.get(2) == [name.encode()] else []


def _is_scalar(node: bytes) -> bool:
    """Whether an operand of `+` is surely a number, a time or a duration, so that nothing grows."""
    kinds = fields_of(node)
    if CONST in kinds:
        return not {6, 7} & fields_of(kinds[CONST][0]).keys()  # no text and no bytes
    if CALL in kinds:
        return fields_of(kinds[CALL][0])[2][0].decode() in _SCALARS
    return False
