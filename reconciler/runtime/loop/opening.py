"""What follows the first pass: what it gathered is written, events are routed and delivered, the next start is eased.

Begun by the controller, on the engine's loop, once. What fails is tried again: without it no event would be routed.
"""

import asyncio
import logging
from collections.abc import Callable

from reconciler.runtime.listener import ALARM
from reconciler.runtime.loop.parts import Parts

_MANY = 1000
_BREATH = 0.05
"""How long the loop rests once so many configurations run, in seconds: what comes next keeps it busy for longer."""
_AGAIN_AFTER = 5.0
"""How long after a failure it is tried again, in seconds."""
_ALARM = "opening"
log = logging.getLogger(__name__)


class Opening:
    """`is_stopping` says whether the loop is about to end."""

    def __init__(self, parts: Parts, is_stopping: Callable[[], bool]) -> None:
        self._p = parts
        self._is_stopping = is_stopping
        self._task: asyncio.Task[None] | None = None
        self._waits = False

    def begin(self) -> None:
        """The first pass has ended."""
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_over(self) -> bool:
        """Whether all is done."""
        return self._task is not None and self._task.done()

    @property
    def under_way(self) -> bool:
        """Whether it goes on now; what waits to be tried again does not."""
        return self._task is not None and not self._task.done() and not self._waits

    async def _run(self) -> None:
        if len(self._p.world.configs) > _MANY:  # first whoever asks whether this is ready gets the interpreter
            await asyncio.sleep(_BREATH)
        while not await self._has_opened():
            self._waits = True
            await self._p.services.clock.sleep(_AGAIN_AFTER)
            self._waits = False
        if not self._is_stopping():
            await self._keep()

    async def _has_opened(self) -> bool:
        """Write, route and deliver; returns whether that is done, or not wanted any more."""
        alarms = self._p.world.alarms
        if self._is_stopping():
            return True
        try:
            self._p.goods.open()
            await self._p.deliveries.open()
        except Exception as error:
            alarms[_ALARM] = (
                f"no event is routed yet: that failed within reconcile ({type(error).__name__}), see the log"
            )
            log.exception("%s; it is tried again in %g s", alarms[_ALARM], _AGAIN_AFTER, extra=ALARM)
            return False
        alarms.pop(_ALARM, None)
        return True

    async def _keep(self) -> None:
        try:
            await asyncio.wrap_future(self._p.scanner.run(self._p.directory.keep))
        except Exception as error:  # noqa: BLE001 — the next start reads every file then
            log.warning("what was read cannot be kept for the next start: %s", error)
