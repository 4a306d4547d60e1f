"""Works on one key of the queue: looks at what is in force and what runs now, and takes the one step between them.

Level-triggered: a key says only where to look. The steps of a configuration are here, those of an integration in
`integrations.py`. Used by the controller, on the engine's loop.
"""

import logging
from collections.abc import Iterable, Sequence

from reconciler.config.resolved import Resolved
from reconciler.core.plan.diff import config_action
from reconciler.model.config import ConfigDocument
from reconciler.model.errors import SecretError, SecretMissing, TransientError
from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.model.ports import StopReason
from reconciler.model.state import Condition, ConditionType, IntegrationState, StateReason, Tristate
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.failures import describe, log_failure, reason_of
from reconciler.runtime.lanes.generation import RollbackFailed
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.lanes.waking import Waking
from reconciler.runtime.loop.world import ConfigRecord, Failure, Started, World
from reconciler.runtime.services import Services
from reconciler.runtime.steps.agenda import Agenda
from reconciler.runtime.steps.cleaner import Check, Cleaner, Ways
from reconciler.runtime.steps.integrations import IntegrationSteps
from reconciler.runtime.steps.look_ups import SecretLookUps
from reconciler.runtime.steps.restart import TakeDown
from reconciler.runtime.steps.retries import Retries
from reconciler.runtime.steps.together import Steps, Together

log = logging.getLogger(__name__)


class Applier:
    """Takes one step for one key and returns its outcome, or None when there was nothing to do."""

    def __init__(
        self, services: Services, world: World, agenda: Agenda, look_ups: SecretLookUps, checked: Check
    ) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda
        self._look_ups = look_ups
        self._retries = retries = Retries(services, agenda)
        self._cleaner = Cleaner(services, world, agenda, Ways(self._resolve, checked, retries.delay))
        self._take_down = TakeDown(services, world, agenda)
        self.integrations = IntegrationSteps(services, world, agenda, self._cleaner, retries)
        """Works on the keys of integrations, and takes in that a call was abandoned."""
        self._cleaner.on_abandoned = self.integrations.abandoned
        self._waking = Waking(services, world, agenda, retries.due, self.integrations.abandoned)
        steps = Steps(self._started, self._failed, self._cleaner.may_be_left, self._cleaner.is_left)
        self.together = Together(services, world, agenda, steps)
        """Works on many keys at once, where nothing is special about them."""

    async def work(self, key: str) -> Outcome | None:
        """Take the step that `key` needs now."""
        started = self._services.clock.monotonic()
        await self._cleaner.again(key)
        woken = await self._waking.wake(key)
        outcome = await (self._config(key) if "/" in key else self.integrations.work(key)) or woken
        self._cleaner.follow(key)
        if outcome is None:
            return None
        action = outcome.action
        self._services.metrics.actions.labels(action.integration, action.kind.value, outcome.status.value).inc()
        seconds = self._services.clock.monotonic() - started
        return Outcome(action, outcome.status, outcome.message, seconds)

    def hasten(self, key: str) -> None:
        """Somebody asks for `key` to be tried now: hooks that did not start at a take-over are, too."""
        self._waking.hasten(key)

    # --- configurations -----------------------------------------------------------------------------------------

    async def _config(self, key: str) -> Outcome | None:
        record = self._world.configs.get(key)
        if record is None:
            return None
        action = config_action(key, record.effective, record.live, drifted=bool(record.drift))
        if action is None:
            left = await self._cleaner.is_left(record)
            if not record.effective.known:
                if record.accepted is not None and not left:
                    log.info("%s: its file is gone, and nothing of it ran: it is forgotten", key)
                (self._agenda.removing if left else self._agenda.removed)(key)
            elif record.live is not None:
                record.failure, record.lacks = None, ""
            return None
        want = record.effective
        try:
            return await self._step(record, action)
        finally:
            # It changed during the work, and a plan made meanwhile saw what ran before it; or what the policy does not
            # allow any more has stopped, and what is to follow it may start.
            if record.effective is not want or action.reason is ActionReason.NOT_ALLOWED:
                self._agenda.add(key)

    async def _step(self, record: ConfigRecord, action: Action) -> Outcome | None:
        if action.kind in (ActionKind.STOP, ActionKind.REMOVE):
            return await self._stop(record, action)
        if action.kind is ActionKind.REROUTE:
            return self._reroute(record, action)
        return await self._apply(record, action)

    async def _stop(self, record: ConfigRecord, action: Action) -> Outcome:
        runtime = self._world.integration(record.integration)
        stopped = await self._take_down.config(record, runtime, StopReason.REMOVED)
        record.failure, record.lacks, record.attempts, record.rotated, record.drift = None, "", 0, False, ""
        if stopped.abandoned is not None:
            self.integrations.abandoned(runtime, stopped.abandoned)
        left = await self._cleaner.is_left(record)
        if record.effective.known:  # disabled, or its file came back during the removal
            self._agenda.went_live(record)
        else:
            (self._agenda.removing if left else self._agenda.removed)(record.id)
        if not self._world.is_wanted(record.integration) and not self._world.runs_any(record.integration):
            self._agenda.add(record.integration)
        return Outcome(action, OutcomeStatus.APPLIED, "; ".join(stopped.problems))

    def _reroute(self, record: ConfigRecord, action: Action) -> Outcome:
        document = record.effective.document
        assert document is not None
        assert record.generation is not None
        rerouted = record.generation.rerouted(document)
        self._world.set_generation(record, rerouted)
        self._succeeded([(record, rerouted)])
        return Outcome(action, OutcomeStatus.APPLIED)

    async def _apply(self, record: ConfigRecord, action: Action) -> Outcome | None:
        document, runtime = record.effective.document, self._world.integration(record.integration)
        assert document is not None
        if runtime.state is not IntegrationState.ACTIVE or runtime.calls is None:
            return self._wait_for_integration(record, action, runtime)
        if not self._may_try(record, document):
            return None
        try:
            problems = await self._switch(record, document, runtime)
        except SecretMissing as error:
            return await self._secret_missing(record, action, document, runtime, error)
        except Exception as error:  # noqa: BLE001 — whatever it raises, the engine goes on
            return await self._failed(record, action, document, runtime, error)
        await self._cleaner.is_left(record)
        return Outcome(action, OutcomeStatus.APPLIED, "; ".join(problems))

    def _wait_for_integration(self, record: ConfigRecord, action: Action, runtime: IntegrationRuntime) -> Outcome:
        record.waiting, record.lacks = StateReason.INTEGRATION_NOT_READY, ""
        record.message = runtime.message
        if runtime.state not in {IntegrationState.ACTIVE, IntegrationState.FAILED}:
            self._agenda.add(runtime.id)
        message = runtime.message or f"the integration {runtime.id} is {runtime.state.value}"
        return Outcome(action, OutcomeStatus.WAITING, message)

    def _may_try(self, record: ConfigRecord, document: ConfigDocument) -> bool:
        failure = record.failure
        if failure is None or failure.digest != document.digest or record.rotated:
            return True
        return self._retries.is_due(record.id, failure.retry_at)

    async def _switch(self, record: ConfigRecord, document: ConfigDocument, runtime: IntegrationRuntime) -> list[str]:
        """Go over to `document`, routes before the old hooks stop; returns what of the old one would not go."""
        calls = runtime.calls
        assert calls is not None
        resolved = await self._resolve(document)
        self._note(record, ConditionType.SECRETS_RESOLVED, Tristate.TRUE)
        record.lacks = ""
        old = record.generation
        if old is None:
            self._started([(record, await calls.start(document, resolved))], calls, runtime)
            return []
        handover = await calls.replace(old, document, resolved, afresh=bool(record.drift))
        self._started([(record, handover.generation)], calls, runtime)
        stopped = await calls.retire(old, handover)
        if stopped.abandoned is not None:
            self.integrations.abandoned(runtime, stopped.abandoned)
        return stopped.problems

    def _started(self, started: Sequence[Started], calls: ConfigCalls, runtime: IntegrationRuntime) -> None:
        """What has started, of one integration, is what runs."""
        self._check(started, calls, runtime)
        self._put(started)
        self._succeeded(started)

    @staticmethod
    def _check(started: Iterable[Started], calls: ConfigCalls, runtime: IntegrationRuntime) -> None:
        """Raise TransientError where the lane of what has started was abandoned meanwhile, for a call of another's."""
        if runtime.calls is not calls:
            for _, generation in started:
                generation.host.close()
            raise TransientError("its integration was abandoned while it started")

    def _put(self, started: Sequence[Started]) -> None:
        self._world.run(started)
        for record, _ in started:
            record.rotated, record.drift = False, ""
        for owner in self._services.cleanups.among({record.id for record, _ in started}):
            self._services.cleanups.runs_again(owner)

    async def _resolve(self, document: ConfigDocument) -> Resolved:
        schema = self._services.catalogue.descriptor(document.integration).schema
        return await self._look_ups.resolve(document.settings, schema)

    def _succeeded(self, started: Sequence[Started]) -> None:
        applied = Condition(ConditionType.APPLIED, Tristate.TRUE, since=self._services.clock.time())
        for record, generation in started:
            record.failure, record.lacks, record.attempts, record.message = None, "", 0, ""
            record.hold(applied)
            self._agenda.applied(record, generation.document)
        self._agenda.went_live(*[record for record, _ in started])

    async def _secret_missing(
        self,
        record: ConfigRecord,
        action: Action,
        document: ConfigDocument,
        runtime: IntegrationRuntime,
        error: SecretError,
    ) -> Outcome:
        record.failure, record.lacks, record.message = None, document.digest, str(error)
        record.rotated = False
        self._note(record, ConditionType.SECRETS_RESOLVED, Tristate.FALSE, "SecretMissing", str(error))
        record.attempts += 1
        due = self._retries.due(error, record.attempts)
        if due is not None:
            self._agenda.add_at(record.id, due)
        if record.generation is None:
            await self._fall_back(record, document, runtime)
        return Outcome(action, OutcomeStatus.WAITING, str(error))

    async def _failed(
        self,
        record: ConfigRecord,
        action: Action,
        document: ConfigDocument,
        runtime: IntegrationRuntime,
        error: Exception,
    ) -> Outcome:
        message = describe(error)
        log_failure(self._services, record.id, action.kind.value, error)
        record.attempts += 1
        record.rotated = False
        due = self._retries.due(error, record.attempts)
        record.failure, record.message = Failure(document.digest, reason_of(error), message, due), message
        record.lacks = ""
        self._note(record, ConditionType.APPLIED, Tristate.FALSE, reason_of(error).value, message)
        if due is not None:
            self._agenda.add_at(record.id, due)
        if record.refused:  # what it was to follow may not run on
            self._agenda.add(record.id)
        if isinstance(error, Abandoned):
            self.integrations.abandoned(runtime, error)
        elif isinstance(error, RollbackFailed):
            await self._give_up(record, runtime)
        elif record.generation is None:
            await self._fall_back(record, document, runtime)
        return Outcome(action, OutcomeStatus.FAILED, message)

    async def _give_up(self, record: ConfigRecord, runtime: IntegrationRuntime) -> None:
        """Half of the old version runs: stop it, for nothing is better than that."""
        stopped = await self._take_down.config(record, runtime, StopReason.REPLACED)
        if stopped.abandoned is not None:
            self.integrations.abandoned(runtime, stopped.abandoned)

    async def _fall_back(self, record: ConfigRecord, failed: ConfigDocument, runtime: IntegrationRuntime) -> None:
        """After a restart the accepted version did not start: run the one that last did, stale."""
        applied, calls = record.applied, runtime.calls
        if applied is None or not applied.enabled or applied.digest == failed.digest or calls is None:
            return
        try:
            started = [(record, await calls.start(applied, await self._resolve(applied)))]
            self._check(started, calls, runtime)
            self._put(started)
        except Exception as error:  # noqa: BLE001 — then nothing runs, and the first failure tells why
            fields = self._services.about(record.id)
            text = "%s: the last version that ran does not start either: %s"
            log.warning(text, record.id, error, extra={"fields": fields})
            return
        self._agenda.went_live(record)

    def _note(
        self, record: ConfigRecord, kind: ConditionType, status: Tristate, reason: str = "", text: str = ""
    ) -> None:
        record.note(kind, status, self._services.clock.time(), reason, text)
