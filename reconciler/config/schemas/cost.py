"""How much work a schema can make, told before it is used: nothing can stop a validator once it runs.

`anyOf: [{$ref: next}, {$ref: next}]` thirty times over takes hours on the value `1`. What is counted is how often a
schema is visited, at most, on the way from a value down to one of its leaves. Pure; `schema.py` calls it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from reconciler.config.schemas.walk import REFERENCES, Places, Schema

MOST: Final = 250_000
"""Visits from here on are too many: about ten milliseconds for each leaf of a document."""
_DEPTH: Final = 32
"""How deep a document nests, at most: the reader's bound."""
_LONGEST: Final = 2000
"""How many schemas may apply to one value one inside the other; a chain of references is one."""


class TooExpensive(ValueError):
    """The schema cannot be judged in a bounded time; the message says why."""


class _Group(Struct, frozen=True):
    """The schemas that all apply to one value, and those that then apply to what is inside it."""

    visits: int
    always: tuple[tuple[int, int], ...]
    """(schema, times) for any member or item."""
    by_name: dict[str, tuple[tuple[int, int], ...]]
    """The same for one member by its name, beside `always`."""


def check_cost(root: Schema, places: Places) -> None:
    """Raise TooExpensive when judging a document by `root` may take very long, or for ever."""
    groups: dict[int, _Group] = {}
    waiting: list[Schema] = [root]
    while waiting:
        schema = waiting.pop()
        if id(schema) not in groups:
            applied = _applied(schema, places)
            groups[id(schema)], inside = _group(applied)
            waiting.extend(inside)
    costs = {key: group.visits for key, group in groups.items()}
    for _ in range(_DEPTH):
        deeper = {key: _cost(group, costs) for key, group in groups.items()}
        if deeper[id(root)] > MOST:
            raise TooExpensive(f"judging one value may take more than {MOST} steps: its branches multiply")
        if deeper == costs:
            return
        costs = deeper


def _cost(group: _Group, costs: Mapping[int, int]) -> int:
    always = sum(costs[key] * times for key, times in group.always)
    named = [sum(costs[key] * times for key, times in more) for more in group.by_name.values()]
    return min(group.visits + always + max([0, *named]), MOST * MOST)


def _applied(start: Schema, places: Places) -> list[tuple[Schema, int]]:
    """Return every schema that applies to the same value as `start`, with how often it is visited."""
    order = _in_order(start, places)
    times = {id(schema): 0 for schema in order}
    times[id(start)] = 1
    for schema in order:
        for target in _beside(schema, places):
            times[id(target)] += times[id(schema)]
    total = sum(times.values())
    if total > MOST:
        raise TooExpensive(f"judging one value may take more than {MOST} steps: its branches multiply")
    return [(schema, times[id(schema)]) for schema in order]


def _in_order(start: Schema, places: Places) -> list[Schema]:
    """Return what applies beside `start`, each before what it leads to; without recursion, since chains are long."""
    done: dict[int, Schema] = {}
    open_now: dict[int, None] = {id(start): None}
    stack = [(start, iter(_beside(start, places)))]
    while stack:
        schema, rest = stack[-1]
        target = next(rest, None)
        if target is None:
            stack.pop()
            del open_now[id(schema)]
            done[id(schema)] = schema
        elif id(target) in open_now:
            raise TooExpensive("it refers to itself without going into the value: judging it would never end")
        elif id(target) not in done:
            if len(stack) >= _LONGEST:
                raise TooExpensive(f"a chain of more than {_LONGEST} references or branches")
            open_now[id(target)] = None
            stack.append((target, iter(_beside(target, places))))
    return list(reversed(done.values()))


def _beside(schema: Schema, places: Places) -> Iterable[Schema]:
    """Yield the schemas that apply to the same value."""
    for key in REFERENCES:
        if isinstance(schema.get(key), str):
            found = places.find(schema[key])
            if isinstance(found, Mapping):
                yield found
    for key in ("allOf", "anyOf", "oneOf"):
        yield from _schemas(schema.get(key))
    for key in ("if", "then", "else", "not"):
        yield from _schemas([schema.get(key)])
    for key in ("dependentSchemas", "dependencies"):
        yield from _schemas(list(_mapping(schema.get(key)).values()))


def _group(applied: list[tuple[Schema, int]]) -> tuple[_Group, list[Schema]]:
    always: dict[int, int] = {}
    named: dict[str, dict[int, int]] = {}
    inside: list[Schema] = []
    for schema, times in applied:
        for name, item in _members(schema):
            inside.append(item)
            known = always if name is None else named.setdefault(name, {})
            known[id(item)] = known.get(id(item), 0) + times
    by_name = {name: tuple(more.items()) for name, more in named.items()}
    return _Group(sum(times for _, times in applied), tuple(always.items()), by_name), inside


def _members(schema: Schema) -> Iterable[tuple[str | None, Schema]]:
    """Yield what applies to the members and items of a value: by its name, or None where that is to any of them.

    What applies to the rest (`additionalProperties` beside `properties`) has a name of its own, since it never applies
    together with the others.
    """
    properties, prefix = _mapping(schema.get("properties")), schema.get("prefixItems")
    listed = schema.get("items") if isinstance(schema.get("items"), list) else prefix
    for name, item in properties.items():
        yield from ((f".{name}", one) for one in _schemas([item]))
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        yield from ((f"[{index}]", one) for one in _schemas([item]))
    of_the_rest = [schema.get(key) for key in ("additionalProperties", "unevaluatedProperties")]
    yield from ((".*" if properties else None, one) for one in _schemas(of_the_rest))
    of_the_rest = [schema.get(key) for key in ("items", "additionalItems", "unevaluatedItems")]
    yield from (("[*]" if listed else None, one) for one in _schemas(of_the_rest))
    others = [schema.get("propertyNames"), schema.get("contains"), *_mapping(schema.get("patternProperties")).values()]
    yield from ((None, one) for one in _schemas(others))


def _schemas(values: Any) -> list[Schema]:
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
