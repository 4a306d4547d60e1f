"""The outermost middleware: counts requests, adds the security headers, and answers when all else failed."""

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.web.answers import failed

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reconciler.web.http_metrics import HttpMetrics

log = logging.getLogger(__name__)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


class Shell:
    """Wraps the application; `labels` maps an endpoint to the path of its route."""

    def __init__(self, app: "ASGIApp", metrics: "HttpMetrics | None", labels: Mapping[object, str]) -> None:
        self._app = app
        self._metrics = metrics
        self._labels = labels

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        code = 0

        async def sending(message: "Message") -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), *_SECURITY]}
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            log.exception("%s %s failed", scope["method"][:20], scope["path"][:200])
            if not code:
                await failed()(scope, receive, sending)
        finally:
            self._count(scope, code, time.perf_counter() - began)

    def _count(self, scope: "Scope", code: int, seconds: float) -> None:
        if self._metrics is None:
            return
        route = self._labels.get(scope.get("endpoint"), "other")
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.requests.labels(method, route, str(code)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
