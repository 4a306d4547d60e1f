"""Tells people what runs: builds statuses out of the world. Reads only; called from any thread."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler._version import __version__
from reconciler.config.catalogue import Catalogue
from reconciler.config.validation import Validator
from reconciler.core.in_force.derive import Derived, config_state
from reconciler.model.effect import EffectRow
from reconciler.model.errors import ReconcileError
from reconciler.model.override import OverrideKind
from reconciler.model.plan import Plan
from reconciler.model.state import (
    Condition,
    ConditionType,
    ConfigState,
    ConfigStatus,
    EngineStatus,
    IntegrationState,
    IntegrationStatus,
    Role,
    StaleConfig,
    StateReason,
    Tristate,
)
from reconciler.runtime.engine_settings import EngineSettings
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.world import ConfigRecord, World

if TYPE_CHECKING:
    from reconciler.runtime.loop.controller import Controller

VERSION = __version__
_ORDER = {kind: number for number, kind in enumerate(ConditionType)}


def config_status(record: ConfigRecord, effects: tuple[EffectRow, ...] = ()) -> ConfigStatus:
    """Return one configuration's status."""
    want, generation = record.effective, record.generation
    derived = config_state(want, record.observed)
    document = generation.document if generation is not None else want.document
    desired = want.desired
    hooks = generation.host.describe(generation.hooks) if generation is not None else ()
    return ConfigStatus(
        id=record.id,
        integration=record.integration,
        name=record.id.partition("/")[2],
        description=document.description if document is not None else "",
        enabled=want.document is not None and want.document.enabled,
        state=derived.state,
        reason=derived.reason,
        message=_message(record, derived),
        stale=derived.stale,
        digest=generation.document.digest if generation is not None else None,
        desired_digest=desired.document.digest if desired.document is not None else None,
        file=desired.file,
        line=desired.line,
        labels=dict(document.labels) if document is not None else {},
        scope={key: list(values) for key, values in document.scope.items()} if document is not None else {},
        hooks=hooks,
        conditions=tuple(sorted(record.conditions.copy().values(), key=lambda one: _ORDER[one.type])),
        diagnostics=desired.diagnostics,
        overrides=record.imposed.overrides,
        effects=effects,
    )


def stale_config(record: ConfigRecord) -> StaleConfig:
    """Return why a configuration does not run as its file asks."""
    derived = config_state(record.effective, record.observed)
    return StaleConfig(record.id, derived.reason, _message(record, derived), record.effective.desired.file)


def _message(record: ConfigRecord, derived: Derived) -> str:
    """Say in one sentence why, by the reason that is told."""
    reason = derived.reason
    if reason is StateReason.SUSPENDED or (derived.state is ConfigState.PAUSED and reason is StateReason.NONE):
        return _overridden(record, OverrideKind.SUSPEND if reason is StateReason.SUSPENDED else OverrideKind.PAUSE)
    if reason is StateReason.HELD:
        if record.effective.desired.document is not None:
            return "the directory cannot be read: what it last asked for runs on"
        return "its file is gone: the removal is held by the mass-removal guard"
    if reason in (StateReason.INVALID, StateReason.UNREADABLE, StateReason.DUPLICATE):
        found = record.effective.desired.diagnostics
        return f"{found[0].span.file}:{found[0].span.line}: {found[0].message}" if found else ""
    if record.failure is not None:
        return record.failure.message
    return record.message if record.generation is None or reason is StateReason.SECRET_MISSING else ""


class Registered(Struct, frozen=True):
    """The integrations that are registered, and since when (seconds since the epoch) that is known."""

    catalogue: Catalogue
    validator: Validator
    since: float

    def state(self, integration_id: str, runtime: IntegrationRuntime | None) -> IntegrationState:
        """Return one integration's state; reads no manifest."""
        if self.validator.failure(integration_id):
            return IntegrationState.FAILED
        return runtime.state if runtime is not None else IntegrationState.REGISTERED


def _overridden(record: ConfigRecord, kind: OverrideKind) -> str:
    """Say who set it aside, and why: by the override that began last."""
    found = [one for one in record.imposed.overrides if one.kind is kind]
    if not found:  # it has just ended, and the loop is about to look
        return ""
    last = max(found, key=lambda one: one.since)
    return f"{last.word} by {last.who}" + (f": {last.reason}" if last.reason else "")


def integration_status(
    integration_id: str,
    runtime: IntegrationRuntime | None,
    registered: Registered,
    configs: int,
    effects: tuple[EffectRow, ...] = (),
) -> IntegrationStatus:
    """Return one integration's status; `runtime` is None while no configuration has named it."""
    name, description, failure = integration_id, "", registered.validator.failure(integration_id)
    try:
        descriptor = registered.catalogue.descriptor(integration_id)
        name, description = descriptor.name, descriptor.description
    except ReconcileError as error:
        failure = str(error)
    state = registered.state(integration_id, runtime)
    reason = runtime.reason if runtime is not None else StateReason.NONE
    message = runtime.message if runtime is not None else ""
    if failure:
        state, reason, message = IntegrationState.FAILED, StateReason.ERROR, failure
    return IntegrationStatus(
        id=integration_id,
        name=name,
        description=description,
        state=state,
        reason=reason,
        message=message,
        configs=configs,
        hooks=runtime.hooks if runtime is not None else (),
        conditions=_integration_conditions(runtime, failure, registered.since),
        effects=effects,
    )


def _integration_conditions(
    runtime: IntegrationRuntime | None, failure: str, registered: float
) -> tuple[Condition, ...]:
    found = [_fact(ConditionType.LOADED, not failure, "ManifestInvalid", failure, registered)]
    if runtime is not None:
        since = runtime.since
        up = runtime.state is IntegrationState.ACTIVE
        found.append(_fact(ConditionType.INITIALIZED, up, runtime.reason.value, runtime.message, since))
        stuck = runtime.reason is StateReason.STUCK
        found.append(_fact(ConditionType.RESPONSIVE, not stuck, "Stuck", runtime.message, since))
        left = runtime.leftovers
        found.append(_fact(ConditionType.CLEANED_UP, not left, "Leftovers", "; ".join(left), since))
    return tuple(found)


def _fact(kind: ConditionType, holds: bool, reason: str, message: str, since: float | None) -> Condition:  # noqa: FBT001
    if holds:
        return Condition(kind, Tristate.TRUE, "", "", since)
    return Condition(kind, Tristate.FALSE, reason, message, since)


def engine_status(
    settings: EngineSettings,
    world: World,
    counts: tuple[dict[str, int], dict[str, int], int],
    queue: dict[str, float],
    controller: "Controller",
    *,
    ready: bool,
    started: float,
    overrides: tuple[Any, ...],
    alarms: tuple[str, ...],
    role: Role,
    runner: int | None,
    stale_configs: tuple[StaleConfig, ...],
) -> EngineStatus:
    """Return the whole at a glance."""
    configs, integrations, stale = counts
    held = Plan(world.held)
    return EngineStatus(
        version=VERSION,
        root=str(settings.root),
        state_dir=str(settings.state_dir),
        started=started,
        ready=ready,
        passes=controller.passes,
        last_pass=controller.last_pass,
        held_digest=held.digest if held.actions else None,
        held=len(held.actions),
        configs=configs,
        integrations=integrations,
        stale=stale,
        queue=queue,
        overrides=overrides,
        alarms=alarms,
        role=role,
        runner=runner,
        stale_configs=stale_configs,
    )
