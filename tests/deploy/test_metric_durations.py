"""Durations counted by the batch: a scrape cannot tell them from the library's own histogram."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from reconciler.runtime.telling.metric_durations import Durations

BOUNDS = (0.001, 0.25, 1, 30)
SECONDS = st.one_of(st.sampled_from(BOUNDS), st.floats(0, 100))


@given(st.lists(st.lists(SECONDS)))
def test_scrape_reads_as_one_of_the_librarys_histogram(batches):
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations("took_seconds", "How long it took.", BOUNDS)
    ours.register(durations)
    histogram = Histogram("took_seconds", "How long it took.", buckets=BOUNDS, registry=theirs)
    for batch in batches:
        durations.observe(batch)
        for seconds in batch:
            histogram.observe(seconds)
    assert told(ours) == told(theirs)


def test_duration_below_zero_counts_as_none():
    registry = CollectorRegistry()
    durations = Durations("took_seconds", "How long it took.", BOUNDS)
    registry.register(durations)
    durations.observe([-1.0])
    assert registry.get_sample_value("took_seconds_bucket", {"le": "0.001"}) == 1
    assert registry.get_sample_value("took_seconds_sum") == 0


def told(registry):
    """What a scrape says: sums to nine digits, for they are added up in another order; when it was made aside."""
    lines = (line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)
    return [f"{name} {float(value):.9g}" if not name.startswith("#") else f"{name} {value}"
            for name, _, value in (line.rpartition(" ") for line in lines)]  # fmt: skip
