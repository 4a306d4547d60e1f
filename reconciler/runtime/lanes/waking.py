"""Starts the runner's hooks once a worker has become the runner: owner by owner, and again where it failed.

The applier calls it first for every key it works on, so that nothing else happens to the owner meanwhile.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.model.ports import StopReason
from reconciler.model.state import ConditionType, Role, Tristate
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.dormant import Sleeper
from reconciler.runtime.lanes.hook_host import name_of
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.world import World
from reconciler.runtime.services import Services

if TYPE_CHECKING:
    from reconciler.runtime.steps.agenda import Agenda

log = logging.getLogger(__name__)


class Waking:
    """`due(error, attempts)` says when a start that failed is tried again; `abandoned` hears of one that hangs."""

    def __init__(
        self,
        services: Services,
        world: World,
        agenda: "Agenda",
        due: Callable[[Exception, int], float | None],
        abandoned: Callable[[IntegrationRuntime, Exception], None],
    ) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda
        self._due = due
        self._abandoned = abandoned
        self._failed: dict[str, tuple[int, float | None]] = {}

    async def wake(self, key: str) -> Outcome | None:
        """Start what waits for the owner `key`, if this is the runner; returns an outcome only for a failure."""
        sleepers = self._services.dormant.of(key)
        if not sleepers or self._services.dormant.role is Role.WORKER or not self._may_try(key):
            return None
        for sleeper in sleepers:
            try:
                await self._start(sleeper)
            except Exception as error:  # noqa: BLE001 — whatever it raises, the engine goes on
                return self._fail(key, sleeper, error)
        self._failed.pop(key, None)
        self._tell(key, "")
        return None

    async def _start(self, sleeper: Sleeper) -> None:
        hook, what = sleeper.hook, name_of(sleeper.hook)
        try:
            await sleeper.call(f"starting {what}", sleeper.deadline, hook.start, sleeper.host)
        except Abandoned:
            raise
        except Exception:
            with suppress(Exception):  # what it began must end; that it did not start is what is told
                await sleeper.call(f"stopping {what}", sleeper.deadline, hook.stop, StopReason.REPLACED)
            raise
        self._services.dormant.drop(hook)

    def hasten(self, key: str) -> None:
        """Forget that it failed: somebody asks for another try."""
        self._failed.pop(key, None)

    def _may_try(self, key: str) -> bool:
        """Whether it is time; if it is too early the appointment is made again, for this look used it up."""
        _, due = self._failed.get(key, (0, 0.0))
        if due is not None and self._services.clock.monotonic() < due:
            self._agenda.add_at(key, due)
            return False
        return due is not None

    def _fail(self, key: str, sleeper: Sleeper, error: Exception) -> Outcome:
        message = f"{name_of(sleeper.hook)} did not start when this process became the runner: {error}"
        log.warning("%s: %s", key, message)
        action = Action(ActionKind.UPDATE, key, ActionReason.TAKE_OVER)
        if isinstance(error, Abandoned):
            self._failed.pop(key, None)
            self._abandoned(self._world.integration(action.integration), error)
            return Outcome(action, OutcomeStatus.FAILED, message)
        attempts = self._failed.get(key, (0, None))[0] + 1
        due = self._due(error, attempts)
        self._failed[key] = attempts, due
        if due is not None:
            self._agenda.add_at(key, due)
        self._tell(key, message)
        return Outcome(action, OutcomeStatus.FAILED, message)

    def _tell(self, key: str, problem: str) -> None:
        """Show what keeps the hooks of an owner from running, or that they run now: deliveries may go on."""
        running = [key] if "/" in key else sorted(self._world.running(key))
        if "/" not in key:
            self._world.integration(key).message = problem
        status, reason = (Tristate.FALSE, ActionReason.TAKE_OVER.value) if problem else (Tristate.TRUE, "")
        for record in [self._world.configs[config_id] for config_id in running if config_id in self._world.configs]:
            record.note(ConditionType.APPLIED, status, self._services.clock.time(), reason, problem)
            if not problem:
                self._agenda.went_live(record)
