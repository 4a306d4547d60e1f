"""Which role a process has, and how a worker becomes the runner when the one that there was is gone.

A worker tries for the runner's lock, and follows what the runner has removed. Decides nothing else; the engine makes
it, starts it when it is a worker, and gives it `begin`, which starts what a runner has and a worker has not.
"""

import asyncio
import logging
from collections.abc import Callable

from reconciler.model.errors import NotRunning
from reconciler.model.state import Role
from reconciler.runtime.assembly import Assembly
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.state.state_directory import StateDirectory, Wish

PERIOD = 0.5
"""How often a worker tries for the lock and looks at what the runner has removed, in seconds."""
log = logging.getLogger(__name__)


class Succession:
    """Run in a worker, on the engine's loop, until it is the runner or cancelled."""

    def __init__(
        self, state: StateDirectory, parts: Assembly, wish: Wish, disk: Worker, begin: Callable[[], None]
    ) -> None:
        self._state = state
        self._parts = parts
        self._dormant = parts.services.dormant
        self._wish = wish
        self._clock = parts.services.clock
        self._disk = disk
        self._begin = begin
        self._kept: set[str] = set()
        self._failing = False

    async def run(self) -> None:
        """Follow the runner, and take its place when it is gone."""
        while self._dormant.role is Role.WORKER:
            await self._clock.sleep(PERIOD)
            try:
                await self._turn()
            except NotRunning:  # the engine has stopped
                return
            except Exception as error:  # noqa: BLE001 — a full disk must not end the succession for good
                if not self._failing:
                    log.warning("this worker cannot follow the runner at present: %s", error)
                self._failing = True
            else:
                self._failing = False

    async def _turn(self) -> None:
        if self._wish is Wish.AUTO and await asyncio.wrap_future(self._disk.run(self._state.take)):
            await self._take_over()
        else:
            await self._parts.desk.follow()
            await self._follow()

    async def _take_over(self) -> None:
        parts = self._parts
        log.warning("the runner is gone: this process takes over")
        await parts.desk.follow()
        history = await asyncio.wrap_future(self._state.store.history(1))
        effects = parts.services.effects
        await asyncio.wrap_future(self._disk.run(effects.load))
        # What may fail is done; from here on this is the runner.
        self._dormant.role = Role.RUNNER
        parts.goods.writes.writing = True
        parts.absences.following = False
        try:
            await parts.controller.take_over(history[0].number + 1 if history else 1)
            for owner in effects.owners():
                parts.controller.add(owner)
        finally:
            self._begin()

    async def _follow(self) -> None:
        """Let go what the runner has removed; what it never kept is judged by this process's own guard."""
        absences = self._parts.absences
        asked = absences.unanswered
        if not asked:
            return
        kept = await asyncio.wrap_future(self._state.store.known_good(asked))
        self._kept |= kept
        gone = asked - kept
        if gone:
            removed = {key for key in gone if key in self._kept or self._parts.goods.was_kept(key)}
            self._kept -= gone
            absences.answer(gone - removed, removed)
            self._parts.controller.inbox.put("runner", ids=gone)
