"""Works on one key of the queue: looks at what is in force and what runs now, and takes the one step between them.

Level-triggered: a key says only where to look. Used by the controller, on the engine's loop.
"""

import asyncio
import logging
import random
from collections.abc import Callable

from reconciler.config.secrets import Resolved
from reconciler.core.backoff import Backoff
from reconciler.core.diff import config_action
from reconciler.model.config import ConfigDocument
from reconciler.model.errors import SecretError, SecretMissing, TerminalError, TransientError
from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.model.ports import StopReason
from reconciler.model.state import ConditionType, IntegrationState, StateReason, Tristate
from reconciler.runtime.delivery.dispatch_decision import asked_to_wait
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.generation import ConfigCalls, Generation, RollbackFailed
from reconciler.runtime.lanes.hook_host import Stopped
from reconciler.runtime.lanes.integration_runtime import MAX_DISOWNED, IntegrationRuntime
from reconciler.runtime.lanes.waking import Waking
from reconciler.runtime.loop.agenda import Agenda
from reconciler.runtime.loop.cleaner import Check, Cleaner, Ways
from reconciler.runtime.loop.failures import describe, log_failure, reason_of
from reconciler.runtime.loop.restart import take_down
from reconciler.runtime.loop.together import Steps, Together
from reconciler.runtime.loop.world import ConfigRecord, Failure, World
from reconciler.runtime.services import Services

log = logging.getLogger(__name__)
BACKOFF = Backoff()


class Applier:
    """Takes one step for one key and returns its outcome, or None when there was nothing to do."""

    def __init__(self, services: Services, world: World, agenda: Agenda, disk: Worker, checked: Check) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda
        self._disk = disk
        self._chance: Callable[[], float] = random.random
        self._waking = Waking(services, world, agenda, self._due, self.integration_abandoned)
        self._cleaner = Cleaner(services, world, agenda, Ways(self._resolve, checked, self._delay))
        self._cleaner.on_abandoned = self.integration_abandoned
        steps = Steps(self.work, self._started, self._failed, self._cleaner.is_left)
        self.together = Together(services, world, agenda, steps)
        """Works on many keys at once, where nothing is special about them."""

    async def work(self, key: str) -> Outcome | None:
        """Take the step that `key` needs now."""
        started = self._services.clock.monotonic()
        await self._cleaner.again(key)
        woken = await self._waking.wake(key)
        outcome = await (self._config(key) if "/" in key else self._integration(key)) or woken
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

    # --- integrations -------------------------------------------------------------------------------------------

    async def _integration(self, key: str) -> Outcome | None:
        runtime = self._world.integration(key)
        wanted = bool(self._world.wanting(key)) or key in self._world.cleaning
        down = runtime.state in (IntegrationState.REGISTERED, IntegrationState.FAILED)
        if wanted and runtime.drifted and runtime.state is IntegrationState.ACTIVE:
            return await self._restart(runtime)
        if down and (wanted or self._cleaner.is_orphan(runtime)):
            return await self._initialize(runtime, ActionReason.FIRST_CONFIG if wanted else ActionReason.CLEAN_UP)
        if not wanted and runtime.state is IntegrationState.ACTIVE and not self._world.running(key):
            action = Action(ActionKind.SHUTDOWN, key, ActionReason.LAST_CONFIG_GONE)
            await runtime.shutdown(StopReason.REMOVED)
            return Outcome(action, OutcomeStatus.APPLIED, "; ".join(runtime.leftovers))
        if not wanted and runtime.state is IntegrationState.FAILED:
            runtime.release_lane()
            runtime.state, runtime.reason, runtime.message = IntegrationState.REGISTERED, StateReason.NONE, ""
        return None

    async def _restart(self, runtime: IntegrationRuntime) -> Outcome | None:
        """Somebody has switched the integration off behind our back: take it down properly, and up again."""
        log.warning("%s: %s; it is started afresh", runtime.id, runtime.drifted)
        await take_down(runtime, self._world, self._agenda.quiesce)
        return await self._initialize(runtime, ActionReason.DRIFT)

    async def _initialize(self, runtime: IntegrationRuntime, why: ActionReason) -> Outcome | None:
        if runtime.reason is StateReason.STUCK:
            return None
        if runtime.state is IntegrationState.FAILED and not self._is_due(runtime.id, runtime.retry_at):
            return None
        action = Action(ActionKind.INITIALIZE, runtime.id, why)
        if runtime.disowned >= MAX_DISOWNED:
            runtime.fail(StateReason.STUCK, f"given up after {MAX_DISOWNED} abandoned calls", None)
            return Outcome(action, OutcomeStatus.FAILED, runtime.message)
        try:
            await runtime.initialize()
        except Exception as error:  # noqa: BLE001 — whatever it raises, the engine goes on
            message = self._integration_failed(runtime, error)
            return Outcome(action, OutcomeStatus.FAILED, message)
        wanting = self._world.wanting(runtime.id)
        later = {*wanting, *self._services.effects.owners(runtime.id)}
        for key in sorted(later if wanting else later | {runtime.id}):  # nobody wants it any more: down again
            self._agenda.add(key)
        return Outcome(action, OutcomeStatus.APPLIED)

    def _integration_failed(self, runtime: IntegrationRuntime, error: Exception) -> str:
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
        due = self._due(error, runtime.attempts)
        runtime.fail(reason_of(error), message, due)
        if due is not None:
            self._agenda.add_at(runtime.id, due)
        return message

    def integration_abandoned(self, runtime: IntegrationRuntime, error: Exception) -> None:
        """A call of one of its configurations never returned: start over with a new lane and object.

        Several calls may be lost with one lane: the first of them is enough.
        """
        if isinstance(error, Abandoned) and error.lane is not runtime.lane:
            return
        for config_id in self._world.running(runtime.id):
            record = self._world.configs[config_id]
            if record.generation is not None:
                record.generation.host.close()
                for hook in record.generation.hooks:
                    self._services.let_go(hook)
            self._world.set_generation(record, None)
            record.waiting = StateReason.INTEGRATION_NOT_READY
            record.drift = "its integration lost its lane"
            self._agenda.went_live(record)
        self._integration_failed(runtime, error)

    # --- configurations -----------------------------------------------------------------------------------------

    async def _config(self, key: str) -> Outcome | None:
        record = self._world.configs.get(key)
        if record is None:
            return None
        action = config_action(key, record.effective, record.live, drifted=bool(record.drift))
        if action is None:
            left = await self._cleaner.is_left(record)
            if not record.effective.known:
                (self._agenda.removing if left else self._agenda.removed)(key)
            elif record.failure is not None and record.live is not None:
                record.failure = None
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
        generation, runtime = record.generation, self._world.integration(record.integration)
        assert generation is not None
        self._agenda.went_live(record)
        await self._agenda.quiesce(record.id)
        stopped = Stopped()
        if runtime.calls is not None:
            stopped = await runtime.calls.stop(generation, StopReason.REMOVED)
        self._world.set_generation(record, None)
        record.failure, record.attempts, record.rotated, record.drift = None, 0, False, ""
        if stopped.abandoned is not None:
            self.integration_abandoned(runtime, stopped.abandoned)
        left = await self._cleaner.is_left(record)
        if record.effective.known:  # disabled, or its file came back during the removal
            self._agenda.went_live(record)
        else:
            (self._agenda.removing if left else self._agenda.removed)(record.id)
        if not self._world.wanting(record.integration) and not self._world.running(record.integration):
            self._agenda.add(record.integration)
        return Outcome(action, OutcomeStatus.APPLIED, "; ".join(stopped.problems))

    def _reroute(self, record: ConfigRecord, action: Action) -> Outcome:
        document = record.effective.document
        assert document is not None
        assert record.generation is not None
        self._world.set_generation(record, record.generation.rerouted(document))
        self._succeeded(record, document)
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
            return self._secret_missing(record, action, error)
        except Exception as error:  # noqa: BLE001 — whatever it raises, the engine goes on
            return await self._failed(record, action, document, runtime, error)
        await self._cleaner.is_left(record)
        return Outcome(action, OutcomeStatus.APPLIED, "; ".join(problems))

    def _wait_for_integration(self, record: ConfigRecord, action: Action, runtime: IntegrationRuntime) -> Outcome:
        record.waiting = StateReason.INTEGRATION_NOT_READY
        record.message = runtime.message
        if runtime.state in (IntegrationState.REGISTERED, IntegrationState.SHUTTING_DOWN):
            self._agenda.add(runtime.id)
        message = runtime.message or f"the integration {runtime.id} is {runtime.state.value}"
        return Outcome(action, OutcomeStatus.WAITING, message)

    def _may_try(self, record: ConfigRecord, document: ConfigDocument) -> bool:
        failure = record.failure
        if failure is None or failure.digest != document.digest or record.rotated:
            return True
        return self._is_due(record.id, failure.retry_at)

    def _is_due(self, key: str, retry_at: float | None) -> bool:
        """Whether a retry may begin; if it is too early the appointment is made again, for this look used it up."""
        if retry_at is None:
            return False
        if self._services.clock.monotonic() >= retry_at:
            return True
        self._agenda.add_at(key, retry_at)
        return False

    async def _switch(self, record: ConfigRecord, document: ConfigDocument, runtime: IntegrationRuntime) -> list[str]:
        """Go over to `document`, routes before the old hooks stop; returns what of the old one would not go."""
        calls = runtime.calls
        assert calls is not None
        resolved = await self._resolve(document)
        self._note(record, ConditionType.SECRETS_RESOLVED, Tristate.TRUE)
        old = record.generation
        if old is None:
            generation = await calls.start(document, resolved)
            self._started(record, generation, calls, runtime)
            return []
        handover = await calls.replace(old, document, resolved, afresh=bool(record.drift))
        self._put(record, self._checked(handover.generation, calls, runtime))
        self._succeeded(record, document)
        stopped = await calls.retire(old, handover)
        if stopped.abandoned is not None:
            self.integration_abandoned(runtime, stopped.abandoned)
        return stopped.problems

    def _started(
        self, record: ConfigRecord, generation: Generation, calls: ConfigCalls, runtime: IntegrationRuntime
    ) -> None:
        """What has started is what runs, unless its lane was abandoned meanwhile; raises TransientError then."""
        self._put(record, self._checked(generation, calls, runtime))
        self._succeeded(record, generation.document)

    @staticmethod
    def _checked(generation: Generation, calls: ConfigCalls, runtime: IntegrationRuntime) -> Generation:
        """Return a generation that has started, unless its lane was abandoned meanwhile, for a call of another's."""
        if runtime.calls is calls:
            return generation
        generation.host.close()
        raise TransientError(f"{generation.document.id}: its integration was abandoned while it started")

    def _put(self, record: ConfigRecord, generation: Generation) -> None:
        self._world.set_generation(record, generation)
        self._services.cleanups.runs_again(record.id)
        record.rotated, record.drift = False, ""

    async def _resolve(self, document: ConfigDocument) -> Resolved:
        secrets, schema = self._services.secrets, self._services.catalogue.descriptor(document.integration).schema
        if not secrets.may_block(document.settings):
            return secrets.resolve(document.settings, schema)
        resolved: Resolved = await asyncio.wrap_future(self._disk.run(secrets.resolve, document.settings, schema))
        return resolved

    def _succeeded(self, record: ConfigRecord, document: ConfigDocument) -> None:
        record.failure, record.attempts, record.message = None, 0, ""
        self._note(record, ConditionType.APPLIED, Tristate.TRUE)
        self._agenda.applied(record, document)
        self._agenda.went_live(record)

    def _secret_missing(self, record: ConfigRecord, action: Action, error: SecretError) -> Outcome:
        record.waiting, record.message = StateReason.SECRET_MISSING, str(error)
        record.rotated = False
        self._note(record, ConditionType.SECRETS_RESOLVED, Tristate.FALSE, "SecretMissing", str(error))
        record.attempts += 1
        due = self._due(error, record.attempts)
        if due is not None:
            self._agenda.add_at(record.id, due)
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
        due = self._due(error, record.attempts)
        record.failure, record.message = Failure(document.digest, reason_of(error), message, due), message
        self._note(record, ConditionType.APPLIED, Tristate.FALSE, reason_of(error).value, message)
        if due is not None:
            self._agenda.add_at(record.id, due)
        if record.refused:  # what it was to follow may not run on
            self._agenda.add(record.id)
        if isinstance(error, Abandoned):
            self.integration_abandoned(runtime, error)
        elif isinstance(error, RollbackFailed):
            await self._give_up(record, runtime)
        elif record.generation is None:
            await self._fall_back(record, document, runtime)
        return Outcome(action, OutcomeStatus.FAILED, message)

    async def _give_up(self, record: ConfigRecord, runtime: IntegrationRuntime) -> None:
        """Half of the old version runs: stop it, for nothing is better than that."""
        if record.generation is not None and runtime.calls is not None:
            await runtime.calls.stop(record.generation, StopReason.REPLACED)
        self._world.set_generation(record, None)
        self._agenda.went_live(record)

    async def _fall_back(self, record: ConfigRecord, failed: ConfigDocument, runtime: IntegrationRuntime) -> None:
        """After a restart the accepted version did not start: run the one that last did, stale."""
        applied = record.applied
        if applied is None or not applied.enabled or applied.digest == failed.digest or runtime.calls is None:
            return
        try:
            resolved = await self._resolve(applied)
            self._put(record, await runtime.calls.start(applied, resolved))
        except Exception as error:  # noqa: BLE001 — then nothing runs, and the first failure tells why
            fields = self._services.about(record.id)
            text = "%s: the last version that ran does not start either: %s"
            log.warning(text, record.id, error, extra={"fields": fields})
            return
        self._agenda.went_live(record)

    def _due(self, error: Exception, attempts: int) -> float | None:
        if isinstance(error, TerminalError):
            return None
        wait = asked_to_wait(error)
        return self._services.clock.monotonic() + (self._delay(attempts) if wait is None else wait)

    def _delay(self, attempts: int) -> float:
        return BACKOFF.delay(attempts, self._chance())

    def _note(
        self, record: ConfigRecord, kind: ConditionType, status: Tristate, reason: str = "", text: str = ""
    ) -> None:
        record.note(kind, status, self._services.clock.time(), reason, text)
