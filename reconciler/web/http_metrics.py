"""What is counted of HTTP requests."""

from reconciler.runtime.telling.instruments import Instruments

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class HttpMetrics:
    """Counts of requests; labels are bounded: methods, paths of routes, status codes."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments
        self.requests = instruments.counter(
            "reconcile_http_requests", "HTTP requests answered.", ["method", "route", "code"]
        )
        self.seconds = instruments.histogram(
            "reconcile_http_request_duration_seconds",
            "From a request's head to its answer's end.",
            ["route"],
            buckets=_BUCKETS,
        )

    def close(self) -> None:
        """Take them out again, so that another server may count."""
        self._instruments.remove(self.requests)
        self._instruments.remove(self.seconds)
