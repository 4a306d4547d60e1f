"""Prometheus metrics of one engine, in a registry of its own: names and units as the field has them.

What is counted as it happens stands here; what is looked up when it is scraped, in `metric_collectors.py`. The table
for people is in docs/running.md, and a test holds the two together. Labels are bounded: integration ids and words of
this package, never user data.
"""

import platform
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from reconciler._version import __version__
from reconciler.model.ports import Receipt
from reconciler.runtime.telling.metric_durations import Durations

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CALLS = (0.01, 0.1, 1, 5, 10, 30)
_LATENCY = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400)
_ATTEMPTS = (1, 2, 3, 5, 8, 13, 21)
_TRIGGERS = (
    "api", "approve", "host", "pause", "recheck", "resume", "retry", "root", "secret", "sighup", "start", "stop",
    "suspend", "sweep", "watch",
)  # fmt: skip


class Metrics:
    """Every metric that the engine keeps by itself."""

    def __init__(self) -> None:
        self.registry = r = CollectorRegistry()
        ProcessCollector(registry=r)
        info = Gauge("reconcile_build_info", "1, with what runs as labels.", ["version", "python"], registry=r)
        info.labels(__version__, platform.python_version()).set(1)
        self._passes = Counter("reconcile_passes", "Passes of the loop.", ["trigger"], registry=r)
        self.pass_failures = Counter("reconcile_pass_failures", "Passes that failed in the engine itself.", registry=r)
        self.pass_seconds = Histogram(
            "reconcile_pass_duration_seconds", "From a pass's scan to its plan.", buckets=_FAST, registry=r
        )
        self._last_pass = Gauge("reconcile_last_pass_timestamp_seconds", "When the last pass ended.", registry=r)
        self._last_success = Gauge(
            "reconcile_last_success_timestamp_seconds", "When a pass last ended without a failed action.", registry=r
        )
        self.actions = Counter(
            "reconcile_actions", "Actions that were carried out.", ["integration", "kind", "status"], registry=r
        )
        self._integrations(r)
        self._events(r)
        self.work = WorkMetrics(r)

    def _integrations(self, r: CollectorRegistry) -> None:
        self.call_seconds = Histogram(
            "reconcile_integration_call_duration_seconds", "One call into an integration's code.",
            ["integration", "call"], buckets=_CALLS, registry=r,
        )  # fmt: skip
        self.calls = Counter(
            "reconcile_integration_calls", "Calls into an integration's code by result.",
            ["integration", "call", "result"], registry=r,
        )  # fmt: skip
        self.calls_abandoned = Counter(
            "reconcile_calls_abandoned", "Calls that ignored their cancellation.", ["integration"], registry=r
        )
        self.hook_failures = Counter(
            "reconcile_hook_failures", "Contained failures of hooks.", ["integration"], registry=r
        )

    def _events(self, r: CollectorRegistry) -> None:
        self.events = Counter("reconcile_events", "Events that came in, by result.", ["result"], registry=r)
        for result in ("accepted", "duplicate", "failed"):
            self.events.labels(result)
        self.filter_errors = Counter("reconcile_filter_errors", "Filters that failed on an event.", registry=r)
        self.deliveries = Counter(
            "reconcile_deliveries", "Delivery attempts by outcome.", ["integration", "outcome"], registry=r
        )
        self.delivery_seconds = Histogram(
            "reconcile_delivery_duration_seconds", "One delivery attempt.", ["integration"], buckets=_FAST, registry=r
        )
        self.delivery_latency = Histogram(
            "reconcile_delivery_latency_seconds", "From a delivery's beginning on disk to its success.",
            ["integration"], buckets=_LATENCY, registry=r,
        )  # fmt: skip
        self.delivery_attempts = Histogram(
            "reconcile_delivery_attempts", "How many attempts a delivery took that has ended, well or badly.",
            ["integration"], buckets=_ATTEMPTS, registry=r,
        )  # fmt: skip

    def passed(self, trigger: str) -> None:
        """Count a pass by the first word of what made it look; a host may say what it likes, so others are `other`.

        One that a sweep joined is a sweep: it looked at everything.
        """
        words = [one.partition(" ")[0].lower() for one in trigger.split("+")]
        word = "sweep" if "sweep" in words else words[0]
        self._passes.labels(word if word in _TRIGGERS else "other").inc()

    def pass_ended(self, now: float, *, clean: bool) -> None:
        """Note when a pass ended, and whether it did without a failed action."""
        self._last_pass.set(now)
        if clean:
            self._last_success.set(now)

    def stored(self, receipts: "Future[list[Receipt]]", events: int) -> BaseException | None:
        """Count events by what became of storing them, and return why that failed."""
        error = receipts.exception()
        if error is not None:
            self.events.labels("failed").inc(events)
            return error
        doubled = sum(receipt.duplicate for receipt in receipts.result())
        self.events.labels("duplicate").inc(doubled)
        self.events.labels("accepted").inc(events - doubled)
        return None


class WorkMetrics:
    """The work queue, named as controller-runtime and client-go name theirs.

    Used on the engine's loop, but for `waiting` and `under_way`. Times are monotonic seconds.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        r, prefix = registry, "reconcile_workqueue_"
        self._added: dict[str, float] = {}
        self._running: dict[str, float] = {}
        self.adds = Counter(f"{prefix}adds", "Keys that were put into the work queue.", registry=r)
        self.retries = Counter(f"{prefix}retries", "Keys that were put off to be tried again.", registry=r)
        self.queued = Durations(f"{prefix}queue_duration_seconds", "How long a key waited for its turn.", _FAST)
        self.worked = Durations(f"{prefix}work_duration_seconds", "How long the work on a key took.", _FAST)
        for durations in (self.queued, self.worked):
            r.register(durations)

    def added(self, keys: Iterable[str], now: float) -> None:
        """Keys were asked for; asking for one that waits counts once."""
        new = [key for key in keys if key not in self._added]
        self._added.update(dict.fromkeys(new, now))
        self.adds.inc(len(new))

    def began(self, keys: Sequence[str], now: float) -> None:
        """The work on keys begins."""
        self.queued.observe(now - self._added.pop(key, now) for key in keys)
        self._running.update(dict.fromkeys(keys, now))

    def ended(self, keys: Iterable[str], now: float) -> None:
        """The work on keys has ended."""
        self.worked.observe(now - self._running.pop(key, now) for key in keys)

    def waiting(self) -> list[float]:
        """Return since when each waiting key waits."""
        return list(self._added.values())

    def under_way(self) -> list[float]:
        """Return since when each key is worked on."""
        return list(self._running.values())
