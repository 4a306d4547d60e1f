"""`/metrics`: for what watches the daemon."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from reconciler.runtime.api import EngineView

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric


class Scrape:
    """Answers with every metric of an engine."""

    def __init__(self, engine: EngineView) -> None:
        self._engine = engine

    def metrics(self, request: Request) -> Response:  # noqa: ARG002 — every endpoint takes one
        """Answer in Prometheus' text format; called in a thread, for the first answer imports the library."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return Response(generate_latest(_Plain(self._engine.metrics)), headers={"content-type": CONTENT_TYPE_LATEST})


class _Plain:
    """A registry without the `_created` series, which this format cannot carry and gives as gauges of their own.

    Those of a host: ours have none.
    """

    def __init__(self, registry: "CollectorRegistry") -> None:
        self._inner = registry

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics."""
        for metric in self._inner.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
