"""What the engine knows in memory: for every configuration what is in force and what runs, and every integration.

Mutable, owned by the engine's loop; other threads only read single attributes. It decides nothing.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.in_force.derive import Observed
from reconciler.core.in_force.lastgood import Effective
from reconciler.core.in_force.override import NOTHING, Imposed, Sending
from reconciler.core.plan.diff import Integrations, LiveConfig
from reconciler.model.config import ConfigDocument
from reconciler.model.effect import EffectStatus
from reconciler.model.plan import Action
from reconciler.model.state import Condition, ConditionType, IntegrationState, StateReason, Tristate
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.services import Services
from reconciler.sdk.config import IntegrationConfig


class Failure(Struct, frozen=True):
    """Why the document of `digest` could not be applied; `retry_at` is monotonic, None when it is not retried."""

    digest: str
    reason: StateReason
    message: str
    retry_at: float | None


class ConfigRecord(Struct, eq=False):
    """One configuration. `accepted` is its last valid document, `applied` the last that started."""

    id: str
    effective: Effective
    accepted: ConfigDocument | None = None
    applied: ConfigDocument | None = None
    generation: Generation | None = None
    failure: Failure | None = None
    waiting: StateReason = StateReason.QUEUED
    lacks: str = ""
    """The digest of the document that waits for a missing secret, which `message` names, or the empty string."""
    message: str = ""
    attempts: int = 0
    rotated: bool = False
    imposed: Imposed = NOTHING
    drift: str = ""
    """What is not as it was applied although no file changed, or the empty string."""
    refused: bool = False
    """Whether the policy does not allow what runs any more."""
    conditions: dict[ConditionType, Condition] = field(default_factory=dict)

    @property
    def integration(self) -> str:
        """The id of its integration."""
        return self.id.partition("/")[0]

    @property
    def live(self) -> LiveConfig | None:
        """What runs, as `diff` sees it."""
        if self.generation is None:
            return None
        refused = self.refused and self.failure is not None
        return LiveConfig(self.generation.document, self.rotated, bool(self.drift), refused)

    @property
    def observed(self) -> Observed:
        """What is seen, as `config_state` wants it."""
        running = self.generation.document if self.generation is not None else None
        failure = self.failure.reason if self.failure is not None else StateReason.NONE
        paused = self.imposed.sending is not Sending.SEND
        waiting = StateReason.SECRET_MISSING if self.lacks and self._lacks_in_force() else self.waiting
        return Observed(running, paused=paused, failure=failure, waiting=waiting)

    def _lacks_in_force(self) -> bool:
        document = self.effective.document
        return document is not None and document.digest == self.lacks

    def hold(self, condition: Condition) -> None:
        """Set a condition that many share."""
        if self.conditions.setdefault(condition.type, condition) is not condition:
            self.note(condition.type, condition.status, condition.since or 0.0, condition.reason, condition.message)

    def note(self, kind: ConditionType, status: Tristate, now: float, reason: str = "", message: str = "") -> None:
        """Set a condition; `since` moves only when the status does."""
        old = self.conditions.get(kind)
        if old is None or old.status is not status:
            self.conditions[kind] = Condition(kind, status, reason, message, now)
        elif old.reason != reason or old.message != message:
            self.conditions[kind] = replace(old, reason=reason, message=message)


Started = tuple[ConfigRecord, Generation]
"""A configuration, and the version of it that has started."""


class World:
    """All configurations by id and all integrations by id, with the counts that decisions need."""

    def __init__(self, services: Services) -> None:
        self.configs: dict[str, ConfigRecord] = {}
        self.integrations: dict[str, IntegrationRuntime] = {}
        self.held: tuple[Action, ...] = ()
        self.alarms: dict[str, str] = {}
        self.touched: set[str] = set()
        """Configurations whose state may have changed since the counts were last asked for."""
        self.cleaning: set[str] = set()
        """The integrations that are to be up because an effect of theirs is to be removed."""
        self._services = services
        self._wanting: dict[str, set[str]] = {}
        self._running: dict[str, set[str]] = {}

    def add(self, records: Iterable[ConfigRecord]) -> set[str]:
        """Put records that are all new, and return the integrations that they are of."""
        by_integration: dict[str, list[ConfigRecord]] = {}
        for record in records:
            self.configs[record.id] = record
            by_integration.setdefault(record.integration, []).append(record)
        for name, of_it in by_integration.items():
            self._wanting.setdefault(name, set()).update([record.id for record in of_it if record.effective.wanted])
            self.touched.update([record.id for record in of_it])
        return set(by_integration)

    def set_effective(self, want: Effective) -> ConfigRecord:
        """Put what is in force for an id, making its record when it is new."""
        config_id = want.desired.id
        record = self.configs.get(config_id)
        if record is None:
            record = self.configs[config_id] = ConfigRecord(config_id, want)
        if (
            record.effective.desired is not want.desired or record.effective != want
        ):  # an equal file may hold other literals
            record.effective = want
        _put(self._wanting, config_id, there=want.wanted)
        self.touched.add(config_id)  # after the change: whoever takes it from there looks at once
        return record

    def set_generation(self, record: ConfigRecord, generation: Generation | None) -> None:
        """Put what runs under an id."""
        record.generation, record.refused = generation, False
        _put(self._running, record.id, there=generation is not None)
        self.touched.add(record.id)

    def run(self, started: Sequence[Started]) -> None:
        """Put what has started under many ids of one integration."""
        if not started:
            return
        for record, generation in started:
            record.generation, record.refused = generation, False
        ids = [record.id for record, _ in started]
        self._running.setdefault(started[0][0].integration, set()).update(ids)
        self.touched.update(ids)

    def forget(self, config_id: str) -> None:
        """Drop a record whose removal is complete."""
        record = self.configs.pop(config_id, None)
        if record is not None:
            self._wanting.get(record.integration, set()).discard(config_id)
            self._running.get(record.integration, set()).discard(config_id)
        self.touched.add(config_id)

    def wanting(self, integration: str) -> frozenset[str]:
        """Return the configurations that want this integration up."""
        return frozenset(self._wanting.get(integration, ()))

    def wanting_among(self, integration: str, ids: AbstractSet[str]) -> set[str]:
        """Return those of `ids` that want this integration up."""
        return self._wanting.get(integration, set()) & ids

    def is_wanted(self, integration: str) -> bool:
        """Whether any configuration wants this integration up."""
        return bool(self._wanting.get(integration))

    def runs_any(self, integration: str) -> bool:
        """Whether any configuration of this integration runs."""
        return bool(self._running.get(integration))

    def running(self, integration: str) -> frozenset[str]:
        """Return the configurations of this integration that run."""
        return frozenset(self._running.get(integration, ()))

    def run_as_wanted(self) -> set[str]:
        """Return the configurations that are to run and do; may be called from any thread."""
        running = self._running.copy().items()
        return set().union(*(self._wanting.get(name, set()) & ids for name, ids in running))

    def is_remainder(self, config_id: str) -> bool:
        """Whether nothing of a configuration runs or is good, and what it has outside was being removed already."""
        record = self.configs[config_id]
        if record.generation is not None or record.accepted is not None or record.applied is not None:
            return False
        rows = self._services.effects.of(config_id)
        return bool(rows) and all(row.status is EffectStatus.REMOVING for row in rows)

    def failed_in_vain(self, ids: Iterable[str]) -> list[str]:
        """Return the integrations of `ids` that could not be brought up, and that no configuration wants any more."""
        failed = {r.id for r in self.integrations.values() if r.state is IntegrationState.FAILED}
        in_vain = {name for name in failed if not self._wanting.get(name)}
        return sorted(in_vain.intersection(key.partition("/")[0] for key in ids)) if in_vain else []

    def integration(self, integration_id: str) -> IntegrationRuntime:
        """Return the runtime of an integration, making it when it is first named."""
        runtime = self.integrations.get(integration_id)
        if runtime is None:
            runtime = IntegrationRuntime(integration_id, self._services, partial(self.configs_of, integration_id))
            self.integrations[integration_id] = runtime
        return runtime

    def up(self) -> Integrations:
        """Return which integrations are wanted and which are up, as `diff` wants them."""
        wanted = {name for name, ids in self._wanting.items() if ids} | self.cleaning
        up = {name for name, runtime in self.integrations.items() if runtime.state is IntegrationState.ACTIVE}
        drifted = {name for name, runtime in self.integrations.items() if runtime.drifted}
        return Integrations(wanted, up, drifted)

    def live(self, ids: Iterable[str] | None = None) -> dict[str, LiveConfig]:
        """Return what runs, of `ids` or of all."""
        keys = self.configs if ids is None else ids
        records = [self.configs.get(key) for key in list(keys)]
        return {r.id: live for r in records if r is not None and r.generation is not None and (live := r.live)}

    def configs_of(self, integration_id: str) -> list[IntegrationConfig[Any]]:
        """Return the configurations of an integration that run, by id; may be called from any thread."""
        records = [self.configs.get(key) for key in sorted(self._running.get(integration_id, set()).copy())]
        generations = [record.generation for record in records if record is not None]
        return [generation.config for generation in generations if generation is not None]


def _put(by_integration: dict[str, set[str]], config_id: str, *, there: bool) -> None:
    """Have an id be among those of its integration, or not."""
    name = config_id.partition("/")[0]
    ids = by_integration.get(name)
    if ids is None:
        ids = by_integration[name] = set()
    if there:
        ids.add(config_id)
    else:
        ids.discard(config_id)
