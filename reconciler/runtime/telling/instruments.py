"""What is counted as it happens: counters, gauges and histograms, which know nothing of who reads them.

Not the Prometheus library's own: importing that takes as long as reading thousands of files, and a daemon counts long
before somebody scrapes. `metric_registry.py` has it read these. Everything here may be called from any thread.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock
from typing import ClassVar, Generic, TypeVar

S = TypeVar("S", "Count", "Level", "Distribution")


class Count:
    """A number that only grows."""

    __slots__ = ("_lock", "value")

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self.value: float = 0

    def inc(self, amount: float = 1) -> None:
        """Add to it. Raises ValueError for what is below zero."""
        if amount < 0:
            raise ValueError(f"a counter only grows: expected at least 0, found {amount}")
        with self._lock:
            self.value += amount


class Level:
    """A number that is what it was last set to."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def set(self, value: float) -> None:
        """Say what it is now."""
        self.value = value


class Distribution:
    """How often values lay between bounds, and their sum."""

    __slots__ = ("_bounds", "_counts", "_lock", "_sum")

    def __init__(self, lock: Lock, bounds: Sequence[float]) -> None:
        self._lock = lock
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum: float = 0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value; one below zero, from a clock that was set back, adds nothing to the sum: that only grows."""
        bucket = bisect_left(self._bounds, value)
        with self._lock:
            self._counts[bucket] += times
            self._sum += max(0.0, value) * times

    def observe_all(self, values: Iterable[float]) -> None:
        """Count many at a time: those that are equal, as in what began together, at the cost of one."""
        for value, times in Tally(values).items():
            self.observe(value, times)

    def read(self) -> tuple[list[int], float]:
        """Return how many values each bound is the next for, then how many lie above them all; and the sum."""
        with self._lock:
            return self._counts.copy(), self._sum


class Instrument(Generic[S]):
    """One name with its series: without label names the only one, with them one for each set of values asked for."""

    kind: ClassVar[str]

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.text = text
        self.label_names = tuple(labels)
        self._lock = Lock()
        self._series: dict[tuple[str, ...], S] = {}
        if not labels:
            self.labels()

    def labels(self, *values: str) -> S:
        """Return the series of these values, in the order of the names. Raises ValueError unless there are as many."""
        return self._series.get(values) or self._added(values)

    def series(self) -> list[tuple[tuple[str, ...], S]]:
        """Return every series there is with its labels' values, in the order in which they were first asked for."""
        with self._lock:
            return list(self._series.items())

    def _added(self, values: Sequence[str]) -> S:
        if len(values) != len(self.label_names):
            names = ", ".join(self.label_names) or "none"
            raise ValueError(f"{self.name} has other labels: expected values for {names}, found {len(values)} values")
        with self._lock:
            return self._series.setdefault(tuple(map(str, values)), self._new())

    def _new(self) -> S:
        raise NotImplementedError


class Counter(Instrument[Count]):
    """Counts what happened. Its name goes without `_total`."""

    kind = "counter"

    def inc(self, amount: float = 1) -> None:
        """Add to the only series."""
        self.labels().inc(amount)

    def _new(self) -> Count:
        return Count(self._lock)


class Gauge(Instrument[Level]):
    """Says how things are."""

    kind = "gauge"

    def set(self, value: float) -> None:
        """Set the only series."""
        self.labels().set(value)

    def _new(self) -> Level:
        return Level()


class Histogram(Instrument[Distribution]):
    """Counts values into `buckets`, given by their upper ends, ascending; what is above them all is counted too."""

    kind = "histogram"

    def __init__(self, name: str, text: str, labels: Sequence[str] = (), *, buckets: Sequence[float]) -> None:
        self.bounds = tuple(buckets)
        if list(self.bounds) != sorted(set(self.bounds)):
            raise ValueError(f"the buckets of {name} do not ascend: {self.bounds}")
        super().__init__(name, text, labels)

    def observe(self, value: float) -> None:
        """Count a value in the only series."""
        self.labels().observe(value)

    def observe_all(self, values: Iterable[float]) -> None:
        """Count many values in the only series."""
        self.labels().observe_all(values)

    def _new(self) -> Distribution:
        return Distribution(self._lock, self.bounds)


AnyInstrument = Counter | Gauge | Histogram
One = TypeVar("One", Counter, Gauge, Histogram)
Follower = Callable[[AnyInstrument], None]


class Instruments:
    """The instruments of one engine, no two of one name: making a second raises ValueError."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_name: dict[str, AnyInstrument] = {}
        self._followers: tuple[Follower, Follower] | None = None

    def __iter__(self) -> Iterator[AnyInstrument]:
        with self._lock:
            return iter([*self._by_name.values()])

    def counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        """Make a counter."""
        return self._add(Counter(name, text, labels))

    def gauge(self, name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
        """Make a gauge."""
        return self._add(Gauge(name, text, labels))

    def histogram(self, name: str, text: str, labels: Sequence[str] = (), *, buckets: Sequence[float]) -> Histogram:
        """Make a histogram."""
        return self._add(Histogram(name, text, labels, buckets=buckets))

    def remove(self, instrument: AnyInstrument) -> None:
        """Take one out again, so that another may have its name."""
        with self._lock:
            if self._followers is not None:
                self._followers[1](instrument)
            del self._by_name[instrument.name]

    def follow(self, added: Follower, removed: Follower) -> None:
        """Have `added` told of every instrument, those that are there first, and `removed` of each that goes. Once."""
        with self._lock:
            for instrument in self._by_name.values():
                added(instrument)
            self._followers = (added, removed)

    def _add(self, instrument: One) -> One:
        with self._lock:
            if instrument.name in self._by_name:
                raise ValueError(f"there is an instrument {instrument.name} already")
            if self._followers is not None:
                self._followers[0](instrument)
            self._by_name[instrument.name] = instrument
        return instrument
