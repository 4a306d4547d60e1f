"""Whether an event reaches one configuration, and what keeps it away: disabled, type, scope, `when`.

The decision is `matching.py`'s and a test holds the two together; this gives the reason. Pure; `reconcile trace` and
`reconcile test` ask it.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from reconciler.core.filter.explain import Explainer, Explanation, Truth
from reconciler.core.routing.matching import filters_of
from reconciler.core.routing.routing import type_matches
from reconciler.model.config import ConfigDocument, EventFilter
from reconciler.model.descriptor import Descriptor
from reconciler.model.event import Event


class Way(StrEnum):
    """How far an event gets on its way to a configuration."""

    RECEIVES = "receives"
    DISABLED = "disabled"
    TYPE = "type"
    SCOPE = "scope"
    WHEN = "when"
    INVALID = "invalid"


class ScopeMiss(Struct, frozen=True):
    """A key of a configuration's scope that the event does not carry (`found` is None), or with another value."""

    key: str
    allowed: tuple[str, ...]
    found: str | None


class FilterTrace(Struct, frozen=True):
    """One entry of `events` whose type matches. `index` counts from 0; `when` is None where it asks for nothing."""

    index: int
    type: str
    when: Explanation | None = None


class Verdict(Struct, frozen=True):
    """What becomes of one event at one configuration.

    `filters` are the entries whose type matches, `types` those that it lists, `missed` the keys of its scope that keep
    the event away. `is_near` says that the type matches: that somebody may have expected it.
    """

    config_id: str
    way: Way
    types: tuple[str, ...] = ()
    filters: tuple[FilterTrace, ...] = ()
    missed: tuple[ScopeMiss, ...] = ()

    @property
    def is_near(self) -> bool:
        """Whether the event's type is one that the configuration asks for."""
        return bool(self.filters)


def verdict(document: ConfigDocument, descriptor: Descriptor, event: Event, explainer: Explainer) -> Verdict:
    """Return what becomes of `event` at a valid configuration, and why."""
    wanted = filters_of(document, descriptor)
    types = tuple(one.type for one in wanted)
    typed = [(index, one) for index, one in enumerate(wanted) if type_matches(one.type, event.type)]
    bare = tuple(FilterTrace(index, one.type) for index, one in typed)
    if not document.enabled:
        return Verdict(document.id, Way.DISABLED, types, bare)
    if not typed:
        return Verdict(document.id, Way.TYPE, types)
    missed = _missed(document.scope, event.scope)
    if missed:
        return Verdict(document.id, Way.SCOPE, types, bare, missed)
    filters = tuple(_filter(index, one, event, explainer) for index, one in typed)
    passes = any(one.when is None or one.when.truth is Truth.TRUE for one in filters)
    return Verdict(document.id, Way.RECEIVES if passes else Way.WHEN, types, filters)


def _filter(index: int, one: EventFilter, event: Event, explainer: Explainer) -> FilterTrace:
    return FilterTrace(index, one.type, None if one.when is None else explainer.explain(one.when, event))


def _missed(wanted: Mapping[str, tuple[str, ...]], scope: Mapping[str, str]) -> tuple[ScopeMiss, ...]:
    return tuple(
        ScopeMiss(key, allowed, scope.get(key)) for key, allowed in wanted.items() if scope.get(key) not in allowed
    )
