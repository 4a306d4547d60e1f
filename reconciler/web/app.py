"""The Starlette application: every route, and what stands before them."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.model.errors import NotRunning, OverrideRefused, StateError
from reconciler.runtime.api import EngineView
from reconciler.web.access import Access, Guard
from reconciler.web.answers import ApiError, busy, error
from reconciler.web.api import Api
from reconciler.web.api_outside import OutsideApi
from reconciler.web.http_metrics import HttpMetrics
from reconciler.web.intake import Intake
from reconciler.web.options import WebOptions
from reconciler.web.overrides import OverridesApi
from reconciler.web.probes import Probes
from reconciler.web.scrape import Scrape
from reconciler.web.shell import Shell
from reconciler.web.webhooks import METHODS, Webhooks


def create_app(engine: EngineView, options: WebOptions, metrics: HttpMetrics | None = None) -> Starlette:
    """Return the application for one listener; without `metrics` its requests are not counted."""
    routes = _routes(engine, options)
    labels: dict[object, str] = {route.endpoint: route.path for route in routes}
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Shell, metrics=metrics, labels=labels), Middleware(Guard, access=Access(options))],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            OverrideRefused: _refused,
            StateError: _refused,
            NotRunning: _unavailable,
            TimeoutError: _unavailable,
        },
    )
    app.router.redirect_slashes = False
    return app


def _routes(engine: EngineView, options: WebOptions) -> Sequence[Route]:
    probes, api = Probes(engine), Api(engine, options)
    outside, overrides = OutsideApi(engine, options), OverridesApi(engine, options)
    return [
        Route("/livez", probes.livez),
        Route("/readyz", probes.readyz),
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


async def _api_error(request: Request, exc: Exception) -> Response:  # noqa: ARG001 — Starlette's signature
    assert isinstance(exc, ApiError)
    return exc.response()


async def _unavailable(request: Request, exc: Exception) -> Response:  # noqa: ARG001
    """Answer for an engine that stops, or whose databases do not answer."""
    if isinstance(exc, NotRunning):
        return busy("stopping", "the engine stops: come again later").response()
    return busy("slow", "the engine does not answer in time: come again later").response()


async def _refused(request: Request, exc: Exception) -> Response:  # noqa: ARG001
    """Answer for a worker whose runner did not take up what it was asked, or for a state that cannot be written."""
    if isinstance(exc, StateError):
        return busy("state", str(exc)).response()
    return ApiError(409, "refused", str(exc)).response()


async def _http_error(request: Request, exc: Exception) -> Response:  # noqa: ARG001
    """Answer what Starlette itself refuses, mostly 404 and 405."""
    assert isinstance(exc, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    messages = {404: "nothing is served at this path", 405: "this method is not served at this path"}
    status = exc.status_code
    return error(status, codes.get(status, "error"), messages.get(status, str(exc.detail)), exc.headers)
