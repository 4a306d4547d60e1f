"""Instruments: a scrape cannot tell them from the Prometheus library's own, and no thread's count is lost."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Thread
from types import SimpleNamespace

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from reconciler.runtime.telling.instruments import Histogram, Instruments
from reconciler.runtime.telling.metric_registry import keep_registered

BOUNDS = (0.001, 0.25, 1, 30)
SECONDS = st.one_of(st.sampled_from(BOUNDS), st.floats(0, 100))
LABELS = st.tuples(st.sampled_from(("a", 'a "quoted"\nword', "")), st.sampled_from("ab"))
NAMES = ["who", "what"]


@pytest.fixture
def instruments():
    return Instruments()


@pytest.fixture
def registry(instruments):
    registry = CollectorRegistry()
    keep_registered(instruments, registry)
    return registry


def told(registry):
    """What a scrape says: sums to nine digits, for they are added up in another order; when it was made aside."""
    lines = (line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)
    return [f"{name} {float(value):.9g}" if not name.startswith("#") else f"{name} {value}"
            for name, _, value in (line.rpartition(" ") for line in lines)]  # fmt: skip


def both(make):
    """Return what `make` makes of ours and of the library's, and their registries."""
    instruments, ours, theirs = Instruments(), CollectorRegistry(), CollectorRegistry()
    keep_registered(instruments, ours)
    library = SimpleNamespace(
        counter=partial(prometheus_client.Counter, registry=theirs),
        gauge=partial(prometheus_client.Gauge, registry=theirs),
        histogram=partial(prometheus_client.Histogram, registry=theirs),
    )
    return make(instruments), ours, make(library), theirs


@given(st.lists(st.lists(SECONDS)))
def test_durations_counted_by_the_batch_read_as_the_librarys_histogram(batches):
    ours, here, theirs, there = both(lambda of: of.histogram("took_seconds", "How long.", buckets=BOUNDS))
    for batch in batches:
        ours.observe_all(batch)
        for seconds in batch:
            theirs.observe(seconds)
    assert told(here) == told(there)


@given(st.lists(st.tuples(LABELS, SECONDS)))
def test_labelled_histogram_reads_as_the_librarys(observed):
    ours, here, theirs, there = both(lambda of: of.histogram("took_seconds", "How\nlong.", NAMES, buckets=BOUNDS))
    for labels, seconds in observed:
        for one in (ours, theirs):
            one.labels(*labels).observe(seconds)
    assert told(here) == told(there)


@given(st.lists(st.tuples(LABELS, st.floats(0, 1e12) | st.integers(0, 10**9))))
def test_counters_and_gauges_read_as_the_librarys(counted):
    def make(of):
        return (of.counter("seen", "Seen."), of.counter("met", "Met.", NAMES),
                of.gauge("size", "Size."), of.gauge("depth", "Depth.", NAMES))  # fmt: skip

    ours, here, theirs, there = both(make)
    for seen, met, size, depth in (ours, theirs):
        for labels, number in counted:
            seen.inc(number)
            met.labels(*labels).inc()
            size.set(-number)
            depth.labels(*labels).set(number)
    assert told(here) == told(there)


def test_duration_below_zero_counts_as_none(instruments, registry):
    instruments.histogram("took_seconds", "How long it took.", buckets=BOUNDS).observe_all([-1.0])
    assert registry.get_sample_value("took_seconds_bucket", {"le": "0.001"}) == 1
    assert registry.get_sample_value("took_seconds_sum") == 0


def test_series_is_there_once_it_was_asked_for(instruments, registry):
    """An instrument without labels is there at once: whoever watches it sees that it stands at 0."""
    instruments.counter("seen", "Seen.")
    met = instruments.counter("met", "Met.", ["who"])
    assert registry.get_sample_value("seen_total") == 0
    assert registry.get_sample_value("met_total", {"who": "a"}) is None
    met.labels("a")
    assert registry.get_sample_value("met_total", {"who": "a"}) == 0


def test_counter_that_is_to_fall_is_refused(instruments):
    with pytest.raises(ValueError, match="only grows: expected at least 0, found -1"):
        instruments.counter("seen", "Seen.").inc(-1)


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b", "c")])
def test_other_number_of_labels_is_refused(instruments, values):
    with pytest.raises(ValueError, match=f"met .* who, what, found {len(values)}"):
        instruments.counter("met", "Met.", NAMES).labels(*values)


def test_labelled_instrument_has_no_series_of_its_own(instruments):
    with pytest.raises(ValueError, match="expected values for who"):
        instruments.gauge("depth", "Depth.", ["who"]).set(1)


def test_buckets_that_do_not_ascend_are_refused():
    with pytest.raises(ValueError, match=r"took do not ascend: \(1, 1\)"):
        Histogram("took", "How long.", buckets=(1, 1))


# --- together -----------------------------------------------------------------------------------------------------


def test_second_of_one_name_is_refused(instruments):
    instruments.counter("seen", "Seen.")
    with pytest.raises(ValueError, match="seen already"):
        instruments.gauge("seen", "Seen.")


def test_removed_instrument_leaves_its_name(instruments, registry):
    seen = instruments.counter("seen", "Seen.")
    seen.inc()
    instruments.remove(seen)
    assert told(registry) == []
    instruments.counter("seen", "Seen.")
    assert registry.get_sample_value("seen_total") == 0


def test_name_that_a_host_has_taken_in_the_registry_is_refused(instruments, registry):
    prometheus_client.Counter("seen", "Seen by a host.", registry=registry)
    with pytest.raises(ValueError, match="seen"):
        instruments.counter("seen", "Seen.")
    assert list(instruments) == []


def test_part_of_the_registry_can_be_asked_for(instruments, registry):
    """As the library's own servers do for `?name[]=`."""
    for name in ("seen", "met"):
        instruments.counter(name, "Counted.")
    assert [one.name for one in registry.restricted_registry(["met_total"]).collect()] == ["met"]


# --- threads ------------------------------------------------------------------------------------------------------


@pytest.fixture
def hurry():
    """Have threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurry")
def test_counts_of_many_threads_are_all_there(instruments, registry):
    seen, met = instruments.counter("seen", "Seen."), instruments.counter("met", "Met.", ["who"])
    took, together = instruments.histogram("took", "How long.", ["who"], buckets=BOUNDS), Barrier(8)

    def count(_thread):
        together.wait(20)
        for number in range(500):
            seen.inc()
            met.labels(str(number % 50)).inc()
            took.labels(str(number % 50)).observe(0.5)
            took.labels("all").observe_all((0.5, 0.5, 2))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(8)))
    assert registry.get_sample_value("seen_total") == 4000
    assert {registry.get_sample_value("met_total", {"who": str(who)}) for who in range(50)} == {80}
    assert {registry.get_sample_value("took_count", {"who": str(who)}) for who in range(50)} == {80}
    assert registry.get_sample_value("took_sum", {"who": "all"}) == 12000


class Interrupted(float):
    """Another thread counts as well, while this is being added."""

    def __new__(cls, value, count):
        self = super().__new__(cls, value)
        self.other = Thread(target=count, args=(1.0,))
        return self

    def __radd__(self, total):
        self.other.start()
        self.other.join(0.05)
        return total + float(self)

    def __rmul__(self, times):
        return self

    __mul__ = __rmul__


@pytest.mark.parametrize(("kind", "verb", "total"), [("counter", "inc", "_total"), ("histogram", "observe", "_sum")])
def test_count_of_another_thread_in_the_midst_of_counting_is_not_lost(instruments, registry, kind, verb, total):
    more = {"buckets": BOUNDS} if kind == "histogram" else {}
    count = getattr(getattr(instruments, kind)("one", "One.", **more), verb)
    amount = Interrupted(2.0, count)
    count(amount)
    amount.other.join(20)
    assert registry.get_sample_value(f"one{total}") == 3
