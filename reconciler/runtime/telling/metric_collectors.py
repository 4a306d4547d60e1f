"""Metrics that are looked up when somebody scrapes, and not before: what is there now, and how old it is."""

import logging
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reconciler.model.ports import Clock
from reconciler.runtime.telling.metrics import Metrics, Now

log = logging.getLogger(__name__)
_PATIENCE = 2.0
"""How long a scrape waits for the queue's numbers, in seconds; without them the others are still answered."""


class NowCollector(Collector):
    """The gauges of one engine: none before it has been put together."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        present = self._metrics.now
        if present is not None:
            yield from self._world(present)
            yield from self._engine(present)
            yield from self._queue(present)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: registering must not look anything up."""
        return ()

    def _world(self, present: Now) -> Iterator[Metric]:
        configs, integrations, stale = present.counts()
        yield _by_state("reconcile_configs", "Configurations by state.", configs)
        yield _by_state("reconcile_integrations", "Integrations by state.", integrations)
        text = "Configurations that run another version than asked, but for the suspended."
        yield _gauge("reconcile_configs_stale", text, stale)
        yield _gauge("reconcile_held_removals", "Removals that the guard holds.", present.held())
        suspended, paused = present.overridden()
        yield _gauge("reconcile_configs_suspended", "Configurations whose changes wait.", suspended)
        yield _gauge("reconcile_configs_paused", "Configurations whose deliveries are not sent.", paused)
        yield _gauge("reconcile_alarms", "What needs a person: see `reconcile status`.", present.alarms())

    def _engine(self, present: Now) -> Iterator[Metric]:
        yield _gauge("reconcile_ready", "1 when the first pass has ended and it is not stopping.", present.ready())
        yield _gauge("reconcile_loop_lag_seconds", "How late the engine's loop last woke.", present.lag())
        now, prefix = self._clock.monotonic(), "reconcile_workqueue_"
        waiting, running = self._metrics.work.waiting(), self._metrics.work.under_way()
        yield _gauge(f"{prefix}depth", "Keys that wait for their turn.", len(waiting))
        yield _gauge(f"{prefix}oldest_age_seconds", "How long the oldest of them has waited.", _age(now, waiting))
        unfinished = sum(max(0.0, now - since) for since in running)
        yield _gauge(f"{prefix}unfinished_work_seconds", "The time that work under way has taken so far.", unfinished)
        longest = _age(now, running)
        yield _gauge(f"{prefix}longest_running_processor_seconds", "The longest work that is under way.", longest)

    def _queue(self, present: Now) -> Iterator[Metric]:
        try:
            stats = present.stats().result(_PATIENCE)
        except Exception as error:  # noqa: BLE001 — a queue that does not answer must not blind people to the rest
            log.warning("the queue's metrics are left out of a scrape: %s", error or type(error).__name__)
            return
        yield _by_state(
            "reconcile_queue_events", "Events on disk that wait to be routed, or that matched nothing.",
            {"waiting": stats["waiting"], "unrouted": stats["unrouted"]},
        )  # fmt: skip
        yield _gauge("reconcile_queue_deliveries", "Deliveries on disk that are not made yet.", stats["pending"])
        yield _gauge(
            "reconcile_queue_oldest_age_seconds",
            "The age of the oldest event that waits to be routed or delivered.",
            stats["oldest_seconds"],
        )
        yield _gauge("reconcile_dead_letters", "Deliveries that were given up and are kept.", stats["dead"])


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by_state(name: str, text: str, counts: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in sorted(counts.items()):
        family.add_metric([state], count)
    return family


def _age(now: float, since: Iterable[float]) -> float:
    return max(0.0, now - min(since, default=now))
