"""`/metrics`: for what watches the daemon."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from reconciler.runtime.api import EngineView


class Scrape:
    """Answers with every metric of an engine."""

    def __init__(self, engine: EngineView) -> None:
        self._engine = engine

    def metrics(self, request: Request) -> Response:  # noqa: ARG002 — every endpoint takes one
        """Answer in Prometheus' text format."""
        return Response(generate_latest(_Plain(self._engine.metrics)), headers={"content-type": CONTENT_TYPE_LATEST})


class _Plain(CollectorRegistry):
    """A registry without the `_created` series, which this format cannot carry and gives as gauges of their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._inner = registry

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        for metric in self._inner.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
