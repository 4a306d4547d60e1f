"""Prometheus metrics of one engine, in a registry of its own: names and units as the field has them."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Every metric the engine keeps. Labels are bounded: integration ids and words of this package, never user data."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.passes = Counter("reconcile_passes", "Passes of the loop.", ["trigger"], registry=r)
        self.pass_seconds = Histogram(
            "reconcile_pass_duration_seconds", "From a pass's scan to its plan.", buckets=_FAST, registry=r
        )
        self.last_pass = Gauge("reconcile_last_pass_timestamp_seconds", "When the last pass ended.", registry=r)
        self.actions = Counter(
            "reconcile_actions", "Actions that were carried out.", ["integration", "kind", "status"], registry=r
        )
        self.calls_abandoned = Counter(
            "reconcile_calls_abandoned", "Calls that ignored their cancellation.", ["integration"], registry=r
        )
        self.hook_failures = Counter(
            "reconcile_hook_failures", "Contained failures of hooks.", ["integration"], registry=r
        )
        self.events = Counter("reconcile_events", "Events accepted.", registry=r)
        self.filter_errors = Counter("reconcile_filter_errors", "Filters that failed on an event.", registry=r)
        self.deliveries = Counter(
            "reconcile_deliveries", "Delivery attempts by outcome.", ["integration", "outcome"], registry=r
        )
        self.delivery_seconds = Histogram(
            "reconcile_delivery_duration_seconds", "One delivery attempt.", ["integration"], buckets=_FAST, registry=r
        )


class WorldCollector(Collector):
    """Counts configurations and integrations by state when it is scraped, and not before."""

    def __init__(
        self, count: Callable[[], tuple[dict[str, int], dict[str, int], int]], held: Callable[[], int]
    ) -> None:
        self._count = count
        self._held = held

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        configs, integrations, stale = self._count()
        for name, text, counts in (
            ("reconcile_configs", "Configurations by state.", configs),
            ("reconcile_integrations", "Integrations by state.", integrations),
        ):
            family = GaugeMetricFamily(name, text, labels=["state"])
            for state, count in sorted(counts.items()):
                family.add_metric([state], count)
            yield family
        yield GaugeMetricFamily(
            "reconcile_configs_stale",
            "Configurations that run another version than asked, but for the suspended.",
            stale,
        )
        yield GaugeMetricFamily("reconcile_held_removals", "Removals that the guard holds.", self._held())


class OverrideCollector(Collector):
    """Counts what people have set aside when it is scraped: suspended and paused configurations."""

    def __init__(self, count: Callable[[], tuple[int, int]]) -> None:
        self._count = count

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        suspended, paused = self._count()
        yield GaugeMetricFamily("reconcile_configs_suspended", "Configurations whose changes wait.", suspended)
        yield GaugeMetricFamily("reconcile_configs_paused", "Configurations whose deliveries are not sent.", paused)
