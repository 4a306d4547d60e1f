"""`/hooks/…`: requests for the routes that RouteHooks have opened."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import Response

from reconciler.model import ports
from reconciler.runtime.api import EngineView
from reconciler.web.answers import ApiError, busy
from reconciler.web.body import read_body
from reconciler.web.options import Limits

log = logging.getLogger(__name__)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Webhooks:
    """Looks a route up, reads the raw body, and asks the hook."""

    def __init__(self, engine: EngineView, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits

    async def dispatch(self, request: Request) -> Response:
        """Answer with what the route's hook answers."""
        handlers = self._engine.routes.find(request.scope["path"])
        if not handlers and not self._engine.ready:  # its hook may be about to open it, or has just closed it
            raise busy("not_ready", "the daemon starts or stops: come again later")
        if not handlers:
            raise ApiError(404, "not_found", "no webhook listens here")
        handle = handlers.get(request.method)
        if handle is None:
            allowed = ", ".join(sorted(handlers))
            raise ApiError(405, "method_not_allowed", f"expected {allowed}", {"allow": allowed})
        inbound = await self._inbound(request)
        try:
            async with asyncio.timeout(self._limits.hook_seconds):
                return _outbound(await handle(inbound))
        except TimeoutError:
            log.warning("a webhook did not answer within %g s: %s", self._limits.hook_seconds, request.scope["path"])
            raise ApiError(504, "timeout", "the webhook did not answer in time") from None

    async def _inbound(self, request: Request) -> ports.Request:
        body = b""
        if request.method in _WITH_BODY or "content-length" in request.headers:
            body = await read_body(request, self._limits.body, self._limits.body_seconds)
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        query = request.scope["query_string"].decode("latin-1")
        return ports.Request(request.method, request.scope["path"], query, headers, body)


def _outbound(response: ports.Response) -> Response:
    """Return the answer. An integration's content type is shown to browsers as a download at most (CSP, nosniff)."""
    if not 200 <= response.status <= 599:
        log.error("a webhook answered with the status %r", response.status)
        return Response(status_code=500)
    body = b"" if response.status in (204, 304) else response.body
    content_type = response.content_type if response.content_type.isprintable() else "application/octet-stream"
    return Response(body, response.status, media_type=content_type if body else None)
