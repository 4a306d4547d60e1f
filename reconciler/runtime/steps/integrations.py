"""Works on the key of an integration: brings it up for its first configuration, takes it down after the last one.

What to do when one of its calls is abandoned stands here too. Used by the applier, on the engine's loop.
"""

import logging

from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.model.ports import StopReason
from reconciler.model.state import IntegrationState, StateReason
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.failures import describe, log_failure, reason_of
from reconciler.runtime.lanes.integration_runtime import MAX_DISOWNED, IntegrationRuntime
from reconciler.runtime.loop.world import World
from reconciler.runtime.services import Services
from reconciler.runtime.steps.agenda import Agenda
from reconciler.runtime.steps.cleaner import Cleaner
from reconciler.runtime.steps.restart import TakeDown
from reconciler.runtime.steps.retries import Retries

log = logging.getLogger(__name__)


class IntegrationSteps:
    """Takes one step for one integration."""

    def __init__(self, services: Services, world: World, agenda: Agenda, cleaner: Cleaner, retries: Retries) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda
        self._cleaner = cleaner
        self._retries = retries
        self._take_down = TakeDown(services, world, agenda)

    async def work(self, key: str) -> Outcome | None:
        """Take the step that an integration needs now; None when there is nothing to do."""
        runtime = self._world.integration(key)
        wanted = self._world.is_wanted(key) or key in self._world.cleaning
        # This key is exclusive: what is on its way up or down now was left there by a step that did not end.
        down = runtime.state is not IntegrationState.ACTIVE
        if wanted and runtime.drifted and runtime.state is IntegrationState.ACTIVE:
            return await self._restart(runtime)
        if down and (wanted or self._cleaner.is_orphan(runtime)):
            return await self._initialize(runtime, ActionReason.FIRST_CONFIG if wanted else ActionReason.CLEAN_UP)
        if not wanted and runtime.state is IntegrationState.ACTIVE and not self._world.runs_any(key):
            action = Action(ActionKind.SHUTDOWN, key, ActionReason.LAST_CONFIG_GONE)
            await runtime.shutdown(StopReason.REMOVED)
            return Outcome(action, OutcomeStatus.APPLIED, "; ".join(runtime.leftovers))
        if not wanted and down and runtime.state is not IntegrationState.REGISTERED:
            runtime.release_lane()
            runtime.state, runtime.reason, runtime.message = IntegrationState.REGISTERED, StateReason.NONE, ""
        return None

    async def _restart(self, runtime: IntegrationRuntime) -> Outcome | None:
        """Somebody has switched the integration off behind our back: take it down properly, and up again."""
        log.warning("%s: %s; it is started afresh", runtime.id, runtime.drifted)
        await self._take_down.integration(runtime)
        return await self._initialize(runtime, ActionReason.DRIFT)

    async def _initialize(self, runtime: IntegrationRuntime, why: ActionReason) -> Outcome | None:
        if runtime.reason is StateReason.STUCK:
            return None
        if runtime.state is IntegrationState.FAILED and not self._retries.is_due(runtime.id, runtime.retry_at):
            return None
        action = Action(ActionKind.INITIALIZE, runtime.id, why)
        if runtime.disowned >= MAX_DISOWNED:
            runtime.fail(StateReason.STUCK, f"given up after {MAX_DISOWNED} abandoned calls", None)
            return Outcome(action, OutcomeStatus.FAILED, runtime.message)
        try:
            await runtime.initialize()
        except Exception as error:  # noqa: BLE001 — whatever it raises, the engine goes on
            message = self._failed(runtime, error)
            return Outcome(action, OutcomeStatus.FAILED, message)
        wanting = self._world.wanting(runtime.id)
        later = {*wanting, *self._services.effects.owners(runtime.id)}
        self._agenda.add_all(sorted(later if wanting else later | {runtime.id}))  # nobody wants it any more: down again
        return Outcome(action, OutcomeStatus.APPLIED)

    def _failed(self, runtime: IntegrationRuntime, error: Exception) -> str:
        message = describe(error)
        what = "a call" if isinstance(error, Abandoned) else "initialize()"
        log_failure(self._services, runtime.id, what, error)
        if isinstance(error, Abandoned):
            runtime.disown()
        else:
            runtime.release_lane()
        for owner in self._services.effects.owners(runtime.id):
            self._agenda.add(owner)
        runtime.attempts += 1
        if runtime.disowned >= MAX_DISOWNED:
            runtime.fail(StateReason.STUCK, f"{message}; given up after {MAX_DISOWNED} abandoned calls", None)
            return runtime.message
        due = self._retries.due(error, runtime.attempts)
        runtime.fail(reason_of(error), message, due)
        if due is not None:
            self._agenda.add_at(runtime.id, due)
        return message

    def abandoned(self, runtime: IntegrationRuntime, error: Exception) -> None:
        """A call of one of its configurations never returned: start over with a new lane and object.

        Several calls may be lost with one lane: the first of them is enough.
        """
        if isinstance(error, Abandoned) and error.lane is not runtime.lane:
            return
        for config_id in self._world.running(runtime.id):
            record = self._world.configs[config_id]
            if record.generation is not None:
                self._take_down.let_go(record.generation)
            self._world.set_generation(record, None)
            record.waiting, record.lacks = StateReason.INTEGRATION_NOT_READY, ""
            record.drift = "its integration lost its lane"
            self._agenda.went_live(record)
        self._failed(runtime, error)
