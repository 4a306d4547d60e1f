"""What is counted and what is looked up as the Prometheus library has it: what a scrape of one engine reads.

Nothing imports this before somebody asks for the registry: the library takes long to import.
"""

from collections.abc import Iterable
from itertools import accumulate

from msgspec import Struct
from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString

from reconciler.model.ports import Clock
from reconciler.runtime.telling.instruments import AnyInstrument, Counter, Histogram, Instruments
from reconciler.runtime.telling.metric_collectors import NowCollector
from reconciler.runtime.telling.metrics import Metrics


def metric_registry(metrics: Metrics, clock: Clock) -> CollectorRegistry:
    """Return a registry of the process, of `metrics` and of the present."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    keep_registered(metrics.instruments, registry)
    registry.register(NowCollector(metrics, clock))
    return registry


def keep_registered(instruments: Instruments, registry: CollectorRegistry) -> None:
    """Have every instrument in the registry as long as it is one, each by itself: so their names are taken in both."""
    instruments.follow(
        lambda added: registry.register(InstrumentCollector(added)),
        lambda removed: registry.unregister(InstrumentCollector(removed)),
    )


class InstrumentCollector(Struct, frozen=True):
    """Reads one instrument; two of the same are equal."""

    instrument: AnyInstrument

    def collect(self) -> Iterable[Metric]:
        """Yield what has been counted."""
        one = self.instrument
        if isinstance(one, Histogram):
            yield _histogram(one)
            return
        family = (CounterMetricFamily if isinstance(one, Counter) else GaugeMetricFamily)(
            one.name, one.text, labels=one.label_names
        )
        for values, series in one.series():
            family.add_metric(values, series.value)
        yield family

    def describe(self) -> Iterable[Metric]:
        """Yield the same, of which the registry takes the name, so that no other can be called so."""
        return self.collect()


def _histogram(histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.text, labels=histogram.label_names)
    ends = [*map(floatToGoString, histogram.bounds), "+Inf"]
    for values, distribution in histogram.series():
        counts, total = distribution.read()
        family.add_metric(values, list(zip(ends, accumulate(counts), strict=True)), total)
    return family
