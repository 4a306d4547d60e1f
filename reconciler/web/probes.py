"""`/livez` and `/readyz`: for what runs the daemon."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reconciler.runtime.api import EngineView
from reconciler.web.answers import answer


class Probes:
    """Answers without waiting for anything."""

    def __init__(self, engine: EngineView) -> None:
        self._engine = engine

    async def livez(self, request: Request) -> Response:  # noqa: ARG002 — every endpoint takes one
        """Answer 200 as long as this loop and the engine's turn, else 503: then a restart helps."""
        if self._engine.live:
            return answer({"live": True})
        return answer({"live": False, "reason": "the engine's loop does not turn"}, 503)

    async def readyz(self, request: Request) -> Response:  # noqa: ARG002
        """Answer 200 once the first pass has ended, else 503 with the reason."""
        if self._engine.ready:  # known here: no thread is begun, nor is imported what that takes
            return answer({"ready": True})
        return answer({"ready": False, "reason": await run_in_threadpool(self._why_not)}, 503, {"retry-after": "1"})

    def _why_not(self) -> str:
        try:
            looked = self._engine.status().last_pass is not None
        except Exception:  # noqa: BLE001 — an engine that stops may not tell its status any more
            looked = True
        return "the engine stops" if looked else "the first pass has not ended"
