"""What is counted of HTTP requests."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class HttpMetrics:
    """Counts of requests in a registry; labels are bounded: methods, paths of routes, status codes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.requests = Counter(
            "reconcile_http_requests", "HTTP requests answered.", ["method", "route", "code"], registry=registry
        )
        self.seconds = Histogram(
            "reconcile_http_request_duration_seconds",
            "From a request's head to its answer's end.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )

    def close(self) -> None:
        """Take them out of the registry, so that another server may count in it."""
        self._registry.unregister(self.requests)
        self._registry.unregister(self.seconds)
