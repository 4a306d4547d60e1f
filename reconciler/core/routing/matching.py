"""Which configurations an event reaches: the one function behind the router, `reconcile test` and `reconcile trace`.

The index answers by type and scope, CEL says the rest and fails closed. Pure; it sends and stores nothing.
"""

from collections.abc import Callable, Iterable

from reconciler.core.filter.filter import Activation, FilterError, Filters, FilterSyntaxError
from reconciler.core.routing.routing import Route, RoutingIndex
from reconciler.model.config import ConfigDocument, EventFilter
from reconciler.model.delivery import DeliveryPolicy
from reconciler.model.descriptor import Descriptor
from reconciler.model.event import Event

OnFilterError = Callable[[str, str], None]
"""Hears of a filter that failed, with the configuration's id and a message."""


def filters_of(document: ConfigDocument, descriptor: Descriptor) -> tuple[EventFilter, ...]:
    """Return which events reach a configuration: those that it lists, or else those that the manifest declares."""
    listed = document.events
    return listed if listed is not None else tuple(EventFilter(event.type) for event in descriptor.events)


def routes_of(document: ConfigDocument, descriptor: Descriptor) -> list[Route]:
    """Return the routes of a configuration that is in force."""
    policy = DeliveryPolicy.of(document.delivery)
    return [Route(document.id, f.type, f.when, document.scope, policy) for f in filters_of(document, descriptor)]


class Matcher:
    """Asks an index and the filters; keeps what it has compiled. Used on one thread."""

    def __init__(self, index: RoutingIndex, on_filter_error: OnFilterError = lambda _config, _message: None) -> None:
        self._index = index
        self._filters = Filters()
        self._on_filter_error = on_filter_error

    def routes(self, event: Event) -> list[Route]:
        """Return a route for each configuration that `event` is to reach, each configuration once."""
        routes = self._index.candidates(event.type, event.scope)
        if not any(route.when for route in routes):
            return _once(routes)
        try:
            activation = self._filters.activation(event)
        except FilterError as error:
            return _once(route for route in routes if self._passes_without(route, str(error)))
        return _once(route for route in routes if self._passes(route, activation))

    def _passes(self, route: Route, activation: Activation) -> bool:
        if route.when is None:
            return True
        try:
            return self._filters.compile(route.when).matches(activation)
        except (FilterError, FilterSyntaxError) as error:
            self._on_filter_error(route.config_id, f"when: {route.when}: {error}")
            return False

    def _passes_without(self, route: Route, error: str) -> bool:
        """The event cannot be looked at by CEL: routes that ask for nothing take it, the others fail closed."""
        if route.when is not None:
            self._on_filter_error(route.config_id, f"when: {route.when}: {error}")
        return route.when is None


def _once(routes: Iterable[Route]) -> list[Route]:
    return list({route.config_id: route for route in routes}.values())
