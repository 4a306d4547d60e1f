"""What is served at one listener: who may pass, the probes, and behind them the application, once that is loaded.

A daemon that starts is asked whether it is ready, and nothing else matters until it is. So nothing here imports
Starlette or what makes the API; the daemon loads them once it is ready, or the first request does.
"""

from typing import TYPE_CHECKING

from reconciler.runtime.api import EngineView
from reconciler.web.access import Access, Guard
from reconciler.web.answers import not_allowed
from reconciler.web.late import LateApplication
from reconciler.web.options import WebOptions
from reconciler.web.probes import Probes
from reconciler.web.shell import Shell

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reconciler.web.http_metrics import HttpMetrics

_ALLOWED = ("GET", "HEAD")


class Entrance:
    """An ASGI application; without `metrics` its requests are not counted."""

    def __init__(self, engine: EngineView, options: WebOptions, metrics: "HttpMetrics | None" = None) -> None:
        self._engine = engine
        self._options = options
        probes = Probes(engine)
        self._probes = {"/livez": probes.livez, "/readyz": probes.readyz}
        self._labels: dict[object, str] = {probe: path for path, probe in self._probes.items()}
        self._application = LateApplication(self._make)
        self._guarded = Shell(Guard(self._pass, Access(options)), metrics, self._labels)

    async def load(self) -> None:
        """Load what answers all but the probes, unless that is done; raises what keeps it from being imported."""
        await self._application.load()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request."""
        await self._guarded(scope, receive, send)

    async def _pass(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        probe = self._probes.get(scope["path"])
        if probe is None:
            await self._application(scope, receive, send)
            return
        scope["endpoint"] = probe  # as a router would: what the request is counted under
        given = await probe() if scope["method"] in _ALLOWED else not_allowed({"allow": ", ".join(_ALLOWED)})
        await given(scope, receive, send)

    def _make(self) -> "ASGIApp":
        from reconciler.web.app import create_app, paths

        app = create_app(self._engine, self._options)
        self._labels.update(paths(app))
        return app
