"""The metrics of one engine: names and units as Prometheus has them.

What is counted as it happens stands here; what is looked up when it is scraped, in `metric_collectors.py`, and what
makes a registry of both, in `metric_registry.py`. The table for people is in docs/running.md, and a test holds the two
together. Labels are bounded: integration ids and words of this package, never user data.
"""

import platform
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future

from msgspec import Struct

from reconciler._version import __version__
from reconciler.model.override import InterventionKind
from reconciler.model.ports import Receipt
from reconciler.runtime.telling.instruments import Instruments

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CALLS = (0.01, 0.1, 1, 5, 10, 30)
_LATENCY = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400)
_ATTEMPTS = (1, 2, 3, 5, 8, 13, 21)
_TRIGGERS = frozenset({
    "api", "drift", "host", "recheck", "root", "runner", "secret", "sighup", "start", "stop", "sweep", "take-over",
    "watch", *InterventionKind,
})  # fmt: skip

Counts = tuple[dict[str, int], dict[str, int], int]


class Now(Struct, frozen=True):
    """Where the present is looked up. Each may be called from any thread."""

    counts: Callable[[], Counts]
    held: Callable[[], int]
    overridden: Callable[[], tuple[int, int]]
    alarms: Callable[[], int]
    ready: Callable[[], bool]
    lag: Callable[[], float]
    stats: "Callable[[], Future[dict[str, float]]]"


class Metrics:
    """Every metric that the engine keeps by itself."""

    def __init__(self) -> None:
        self.now: Now | None = None
        self.instruments = r = Instruments()
        info = r.gauge("reconcile_build_info", "1, with what runs as labels.", ["version", "python"])
        info.labels(__version__, platform.python_version()).set(1)
        self._passes = r.counter("reconcile_passes", "Passes of the loop.", ["trigger"])
        self.pass_failures = r.counter("reconcile_pass_failures", "Passes that failed in the engine itself.")
        self.pass_seconds = r.histogram(
            "reconcile_pass_duration_seconds", "From a pass's scan to its plan.", buckets=_FAST
        )
        self._last_pass = r.gauge("reconcile_last_pass_timestamp_seconds", "When the last pass ended.")
        self._last_success = r.gauge(
            "reconcile_last_success_timestamp_seconds", "When a pass last ended without a failed action."
        )
        self.actions = r.counter(
            "reconcile_actions", "Actions that were carried out.", ["integration", "kind", "status"]
        )
        self._integrations(r)
        self._events(r)
        self.work = WorkMetrics(r)

    def _integrations(self, r: Instruments) -> None:
        self.call_seconds = r.histogram(
            "reconcile_integration_call_duration_seconds", "One call into an integration's code.",
            ["integration", "call"], buckets=_CALLS,
        )  # fmt: skip
        self.calls = r.counter(
            "reconcile_integration_calls", "Calls into an integration's code by result.",
            ["integration", "call", "result"],
        )  # fmt: skip
        self.calls_abandoned = r.counter(
            "reconcile_calls_abandoned", "Calls that ignored their cancellation.", ["integration"]
        )
        self.hook_failures = r.counter("reconcile_hook_failures", "Contained failures of hooks.", ["integration"])

    def _events(self, r: Instruments) -> None:
        self.events = r.counter("reconcile_events", "Events that came in, by result.", ["result"])
        for result in ("accepted", "duplicate", "failed"):
            self.events.labels(result)
        self.filter_errors = r.counter("reconcile_filter_errors", "Filters that failed on an event.")
        self.deliveries = r.counter("reconcile_deliveries", "Delivery attempts by outcome.", ["integration", "outcome"])
        self.delivery_seconds = r.histogram(
            "reconcile_delivery_duration_seconds", "One delivery attempt.", ["integration"], buckets=_FAST
        )
        self.delivery_latency = r.histogram(
            "reconcile_delivery_latency_seconds", "From a delivery's beginning on disk to its success.",
            ["integration"], buckets=_LATENCY,
        )  # fmt: skip
        self.delivery_attempts = r.histogram(
            "reconcile_delivery_attempts", "How many attempts a delivery took that has ended, well or badly.",
            ["integration"], buckets=_ATTEMPTS,
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

    def __init__(self, instruments: Instruments) -> None:
        r, prefix = instruments, "reconcile_workqueue_"
        self._added: dict[str, float] = {}
        self._running: dict[str, float] = {}
        self.adds = r.counter(f"{prefix}adds", "Keys that were put into the work queue.")
        self.retries = r.counter(f"{prefix}retries", "Keys that were put off to be tried again.")
        self.queued = r.histogram(
            f"{prefix}queue_duration_seconds", "How long a key waited for its turn.", buckets=_FAST
        )
        self.worked = r.histogram(f"{prefix}work_duration_seconds", "How long the work on a key took.", buckets=_FAST)

    def added(self, keys: Iterable[str], now: float) -> None:
        """Keys were asked for; asking for one that waits counts once."""
        new = [key for key in keys if key not in self._added]
        self._added.update(dict.fromkeys(new, now))
        self.adds.inc(len(new))

    def began(self, keys: Sequence[str], now: float) -> None:
        """The work on keys begins."""
        self.queued.observe_all(now - self._added.pop(key, now) for key in keys)
        self._running.update(dict.fromkeys(keys, now))

    def ended(self, keys: Iterable[str], now: float) -> None:
        """The work on keys has ended."""
        self.worked.observe_all(now - self._running.pop(key, now) for key in keys)

    def waiting(self) -> list[float]:
        """Return since when each waiting key waits."""
        return list(self._added.values())

    def under_way(self) -> list[float]:
        """Return since when each key is worked on."""
        return list(self._running.values())
