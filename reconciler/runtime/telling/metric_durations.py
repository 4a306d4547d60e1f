"""A histogram of durations that takes many at a time: the library's own takes each by itself, under a lock."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Durations(Collector):
    """Durations in seconds, counted into buckets; `bounds` are their upper ends, ascending.

    Observed by one thread. A scrape from another sees whole batches but for the one that is being counted.
    """

    def __init__(self, name: str, text: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._text = text
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, durations: Iterable[float]) -> None:
        """Count durations; one below zero, from a clock that was set back, counts as none."""
        for seconds, times in Counter(durations).items():
            self._counts[bisect_left(self._bounds, seconds)] += times
            self._sum += max(0.0, seconds) * times

    def collect(self) -> Iterable[Metric]:
        """Yield the histogram."""
        ends = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = list(zip(ends, accumulate(self._counts), strict=True))
        yield HistogramMetricFamily(self._name, self._text, buckets=buckets, sum_value=self._sum)

    def describe(self) -> Iterable[Metric]:
        """Return what it is called, so that no other can be called the same."""
        return [HistogramMetricFamily(self._name, self._text)]
