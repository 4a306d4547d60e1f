"""The Starlette application: every route but the probes. `Entrance` loads it late, and stands before it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.model.errors import NotRunning, OverrideRefused, StateError
from reconciler.runtime.api import EngineView
from reconciler.web.answers import Answer, ApiError, busy, error, not_allowed
from reconciler.web.api import Api
from reconciler.web.api_outside import OutsideApi
from reconciler.web.intake import Intake
from reconciler.web.options import WebOptions
from reconciler.web.overrides import OverridesApi
from reconciler.web.scrape import Scrape
from reconciler.web.webhooks import METHODS, Webhooks


def create_app(engine: EngineView, options: WebOptions) -> Starlette:
    """Return the application for one listener."""
    app = Starlette(routes=_routes(engine, options), exception_handlers=_HANDLERS)
    app.router.redirect_slashes = False
    return app


def paths(app: Starlette) -> dict[object, str]:
    """Return the path of each endpoint's route: what its requests are counted under."""
    return {route.endpoint: route.path for route in app.routes if isinstance(route, Route)}


def _routes(engine: EngineView, options: WebOptions) -> Sequence[Route]:
    api = Api(engine, options)
    outside, overrides = OutsideApi(engine, options), OverridesApi(engine, options)
    return [
        Route("/metrics", Scrape(engine).metrics),
        Route("/events", Intake(engine, options.limits).events, methods=["POST"]),
        Route("/hooks/{path:path}", Webhooks(engine, options.limits).dispatch, methods=METHODS),
        Route("/api/v1/openapi.json", api.openapi),
        Route("/api/v1/status", api.status),
        Route("/api/v1/integrations", api.integrations),
        Route("/api/v1/integrations/{id}", api.integration),
        Route("/api/v1/integrations/{id}/panels", outside.panels),
        Route("/api/v1/configs", api.configs),
        Route("/api/v1/configs/{integration}/{name}", api.config),
        Route("/api/v1/plan", api.plan),
        Route("/api/v1/history", api.history),
        Route("/api/v1/retry", api.retry, methods=["POST"]),
        Route("/api/v1/forget", outside.forget, methods=["POST"]),
        Route("/api/v1/approve", api.approve, methods=["POST"]),
        Route("/api/v1/look", api.look, methods=["POST"]),
        Route("/api/v1/overrides", overrides.listed),
        Route("/api/v1/overrides", overrides.impose, methods=["POST"]),
        Route("/api/v1/overrides", overrides.lift, methods=["DELETE"]),
    ]


async def _api_error(request: Request, exc: Exception) -> Answer:  # noqa: ARG001 — Starlette's signature
    assert isinstance(exc, ApiError)
    return exc.response()


async def _unavailable(request: Request, exc: Exception) -> Answer:  # noqa: ARG001
    """Answer for an engine that stops, or whose databases do not answer."""
    if isinstance(exc, NotRunning):
        return busy("stopping", "the engine stops: come again later").response()
    return busy("slow", "the engine does not answer in time: come again later").response()


async def _refused(request: Request, exc: Exception) -> Answer:  # noqa: ARG001
    """Answer for a worker whose runner did not take up what it was asked, or for a state that cannot be written."""
    if isinstance(exc, StateError):
        return busy("state", str(exc)).response()
    return ApiError(409, "refused", str(exc)).response()


async def _http_error(request: Request, exc: Exception) -> Answer:  # noqa: ARG001
    """Answer what Starlette itself refuses, mostly 404 and 405."""
    assert isinstance(exc, HTTPException)
    if exc.status_code == 405:
        return not_allowed(exc.headers)
    if exc.status_code == 404:
        return error(404, "not_found", "nothing is served at this path", exc.headers)
    return error(exc.status_code, "error", str(exc.detail), exc.headers)


async def _failed(request: Request, exc: Exception) -> ASGIApp:  # noqa: ARG001
    """Leave what nobody expected to `Shell`, which logs it before it answers: Starlette raises it again."""
    return _nothing


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer nothing."""


_HANDLERS: Final[dict[Any, Any]] = {  # what they return is called as an ASGI application, and need not be Starlette's
    ApiError: _api_error,
    HTTPException: _http_error,
    OverrideRefused: _refused,
    StateError: _refused,
    NotRunning: _unavailable,
    TimeoutError: _unavailable,
    Exception: _failed,
}
