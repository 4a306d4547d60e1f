"""Which configurations an event may reach: an index by type and scope, whose cost follows the matches.

Exact types stand in a dict, patterns in a trie of segments; below each stand scope signatures (sorted keys) with
the routes by their values. What is left to ask of a candidate is its `when`, which is `filter/filter.py`'s.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.model.delivery import DeliveryPolicy

MAX_COMBINATIONS = 64
"""How many value tuples one route may be expanded into; beyond that one key is indexed and the rest checked."""


class Route(Struct, frozen=True):
    """One filter of one configuration. `type` is exact or a pattern; of each value in `scope` any may match."""

    config_id: str
    type: str
    when: str | None
    scope: Mapping[str, tuple[str, ...]]
    policy: DeliveryPolicy

    def __hash__(self) -> int:
        return hash((self.config_id, self.type, self.when))


def is_pattern(event_type: str) -> bool:
    """Whether a filter's type has a segment that is `*` or `**`."""
    return any(segment in {"*", "**"} for segment in event_type.split("."))


def type_matches(pattern: str, event_type: str) -> bool:
    """Whether `pattern` covers `event_type`: `*` is one segment, `**` any number, none included."""
    return _matches(tuple(pattern.split(".")), tuple(event_type.split(".")))


def _matches(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    """Walk the pattern over all places it can have reached, so that many `**` cost no more than few."""
    reached = {0}
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached), len(segments) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(segments) and part in {"*", segments[at]}}
    return len(segments) in reached


class _Scopes:
    """The routes of one type: scope signature → value tuple → routes."""

    def __init__(self) -> None:
        self._by_signature: dict[tuple[str, ...], dict[tuple[str, ...], dict[Route, None]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_signature)

    def add(self, route: Route) -> None:
        keys = _signature(route)
        values = self._by_signature.setdefault(keys, {})
        for combination in _combinations(route, keys):
            values.setdefault(combination, {})[route] = None

    def remove(self, route: Route) -> None:
        keys = _signature(route)
        values = self._by_signature[keys]
        for combination in _combinations(route, keys):
            routes = values[combination]
            routes.pop(route, None)
            if not routes:
                del values[combination]
        if not values:
            del self._by_signature[keys]

    def find(self, scope: Mapping[str, str]) -> Iterator[Route]:
        for keys in self._signatures(scope):
            for route in self._by_signature[keys].get(tuple(scope[key] for key in keys), ()):
                if all(scope.get(key) in allowed for key, allowed in route.scope.items()):
                    yield route

    def _signatures(self, scope: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        """Yield the signatures that an event can match, from the smaller side: all of them, or subsets of its keys."""
        if len(self._by_signature) <= 1 << len(scope):
            yield from (keys for keys in self._by_signature if all(key in scope for key in keys))
            return
        names = sorted(scope)
        for size in range(len(names) + 1):
            yield from (keys for keys in itertools.combinations(names, size) if keys in self._by_signature)


def _signature(route: Route) -> tuple[str, ...]:
    """Return the keys by which a route is indexed: all, or the one with the fewest values where that is too many."""
    keys = tuple(sorted(route.scope))
    if math.prod(len(route.scope[key]) for key in keys) <= MAX_COMBINATIONS:
        return keys
    return (min(keys, key=lambda key: (len(route.scope[key]), key)),)


def _combinations(route: Route, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return itertools.product(*(dict.fromkeys(route.scope[key]) for key in keys))


class _Node:
    """One segment of the trie of patterns."""

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.scopes = _Scopes()

    def is_empty(self) -> bool:
        return not self.children and not self.scopes


class RoutingIndex:
    """The routes of all configurations that are in force and enabled."""

    def __init__(self) -> None:
        self._routes: dict[str, tuple[Route, ...]] = {}
        self._exact: dict[str, _Scopes] = {}
        self._patterns = _Node()

    def __len__(self) -> int:
        return len(self._routes)

    def replace(self, config_id: str, routes: Sequence[Route]) -> bool:
        """Put the routes of a configuration in the place of those it had; returns whether they differ."""
        wanted = tuple(dict.fromkeys(routes))
        if self._routes.get(config_id, ()) == wanted:
            return False
        self.remove(config_id)
        if wanted:
            self._routes[config_id] = wanted
        for route in wanted:
            self._scopes_for(route.type).add(route)
        return True

    def remove(self, config_id: str) -> None:
        """Take the routes of a configuration out; does nothing when it has none."""
        for route in self._routes.pop(config_id, ()):
            if is_pattern(route.type):
                self._prune(route)
            else:
                scopes = self._exact[route.type]
                scopes.remove(route)
                if not scopes:
                    del self._exact[route.type]

    def candidates(self, event_type: str, scope: Mapping[str, str]) -> list[Route]:
        """Return the routes whose type and scope match, by configuration and in the order of its filters.

        A configuration may be there several times, with different `when`s.
        """
        found = {route: None for scopes in self._scopes_of(event_type) for route in scopes.find(scope)}
        order = {route: index for key in {r.config_id for r in found} for index, route in enumerate(self._routes[key])}
        return sorted(found, key=lambda route: (route.config_id, order[route]))

    def types(self) -> Counter[str]:
        """Return how many routes each type or pattern has."""
        return Counter(route.type for routes in self._routes.values() for route in routes)

    def _scopes_for(self, event_type: str) -> _Scopes:
        if not is_pattern(event_type):
            return self._exact.setdefault(event_type, _Scopes())
        node = self._patterns
        for segment in event_type.split("."):
            node = node.children.setdefault(segment, _Node())
        return node.scopes

    def _scopes_of(self, event_type: str) -> Iterator[_Scopes]:
        if event_type in self._exact:
            yield self._exact[event_type]
        if self._patterns.children:
            yield from {id(n): n.scopes for n in _walk(self._patterns, tuple(event_type.split(".")))}.values()

    def _prune(self, route: Route) -> None:
        segments = route.type.split(".")
        path = [self._patterns]
        for segment in segments:
            path.append(path[-1].children[segment])
        path[-1].scopes.remove(route)
        for parent, segment, child in reversed(list(zip(path, segments, path[1:], strict=False))):
            if not child.is_empty():
                return
            del parent.children[segment]


def _walk(root: _Node, segments: tuple[str, ...]) -> list[_Node]:
    """Return the nodes at which patterns that cover all of `segments` end."""
    reached = _with_any([root])
    for segment in segments:
        following: list[_Node] = []
        for node, is_any in reached:
            following += [node] if is_any else []
            following += [node.children[part] for part in (segment, "*") if part in node.children]
        reached = _with_any(following, stays={id(node) for node, is_any in reached if is_any})
    return [node for node, _ in reached]


def _with_any(nodes: list[_Node], stays: set[int] | None = None) -> list[tuple[_Node, bool]]:
    """Return `nodes` and what `**` lets follow without a segment; the flag says that a node is a `**` and may stay."""
    seen: dict[int, tuple[_Node, bool]] = {}
    waiting = [(node, stays is not None and id(node) in stays) for node in nodes]
    while waiting:
        node, is_any = waiting.pop()
        if id(node) in seen and (seen[id(node)][1] or not is_any):
            continue
        seen[id(node)] = (node, is_any)
        if "**" in node.children:
            waiting.append((node.children["**"], True))
    return list(seen.values())
