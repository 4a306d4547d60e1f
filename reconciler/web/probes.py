"""`/livez` and `/readyz`: for what runs the daemon. Answered without the application, which may not be loaded yet."""

import asyncio

from reconciler.runtime.api import EngineView
from reconciler.web.answers import Answer, answer


class Probes:
    """Answers without waiting for anything."""

    def __init__(self, engine: EngineView) -> None:
        self._engine = engine

    async def livez(self) -> Answer:
        """Answer 200 as long as this loop and the engine's turn, else 503: then a restart helps."""
        if self._engine.live:
            return answer({"live": True})
        return answer({"live": False, "reason": "the engine's loop does not turn"}, 503)

    async def readyz(self) -> Answer:
        """Answer 200 once the first pass has ended, else 503 with the reason."""
        if self._engine.ready:  # known here: no thread is begun, nor is imported what that takes
            return answer({"ready": True})
        reason = await asyncio.to_thread(self._why_not)
        return answer({"ready": False, "reason": reason}, 503, {"retry-after": "1"})

    def _why_not(self) -> str:
        try:
            looked = self._engine.status().last_pass is not None
        except Exception:  # noqa: BLE001 — an engine that stops may not tell its status any more
            looked = True
        return "the engine stops" if looked else "the first pass has not ended"
