"""Clean-up that is tried again until it succeeds: calls that failed, and effects outside the process without an owner.

Called by the applier around the work on each key, on the engine's loop. What was left is made again with backoff in
the lane it failed in. An effect whose process, lane or configuration is gone needs more: its integration is
initialized, the document that declared it declares its hooks again without starting them, and the one with the row's
key removes it.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.config.resolved import Resolved
from reconciler.model.config import ConfigDocument
from reconciler.model.effect import EffectRow
from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.state import ConditionType, IntegrationState, Tristate
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.effects import effect_keys
from reconciler.runtime.lanes.failures import describe
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.services import Services
from reconciler.runtime.steps.agenda import Agenda
from reconciler.sdk.hooks.resource import ResourceHook

log = logging.getLogger(__name__)
_ALARM = "effects"
Check = Callable[[Mapping[str, Any]], Awaitable[ConfigDocument | None]]
"""Validates a stored document; None when it is not valid any more."""


class Ways(Struct, frozen=True):
    """How to resolve a document's secrets and to validate a stored one; `delay(attempt)` is the backoff, in seconds."""

    resolve: Callable[[ConfigDocument], Awaitable[Resolved]]
    checked: Check
    delay: Callable[[int], float]


class Cleaner:
    """Tries again what would not go, by the id of its owner."""

    def __init__(
        self,
        services: Services,
        world: World,
        agenda: Agenda,
        ways: Ways,
    ) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda
        self._ways = ways
        self._tries = services.cleanups.tries
        self.on_abandoned: Callable[[IntegrationRuntime, Exception], None] = lambda _runtime, _error: None

    # --- calls that failed --------------------------------------------------------------------------------------

    async def again(self, owner: str) -> None:
        """Make the calls again that are due; those that fail again are kept."""
        cleanups = self._services.cleanups
        due = cleanups.due(owner)
        if due is None or due > self._now():
            return
        for leftover in cleanups.taken(owner):
            try:
                await leftover.again()
            except Exception as error:  # noqa: BLE001 — whatever it raises, it is tried again
                cleanups.failed_again(owner, leftover, describe(error))
                if isinstance(error, Abandoned):
                    self.on_abandoned(self._world.integration(owner.partition("/")[0]), error)
            else:
                log.info("%s: %s succeeded now", owner, leftover.what)

    def follow(self, owner: str) -> None:
        """See to it that what is left of an owner is tried again, and say so."""
        if "/" not in owner:
            self._tell_if_not_installed(owner)
        cleanups = self._services.cleanups
        left = cleanups.of(owner)
        record = self._world.configs.get(owner)
        if not left:
            if cleanups.known(owner):
                cleanups.forget(owner)
                self._tidy(owner, record)
            return
        due = cleanups.due(owner)
        if due is None:
            due = cleanups.postpone(owner, self._ways.delay, self._now())
        self._agenda.add_at(owner, due)
        if record is not None:
            self._note(record, "Leftovers", "; ".join(leftover.message for leftover in left))

    def _tidy(self, owner: str, record: ConfigRecord | None) -> None:
        """All is clean: close a lane that was kept for this alone, and let a removal come to its end."""
        runtime = self._world.integration(owner.partition("/")[0])
        if runtime.state in (IntegrationState.REGISTERED, IntegrationState.FAILED):
            runtime.release_lane()
        if record is not None:
            record.note(ConditionType.CLEANED_UP, Tristate.TRUE, self._services.clock.time())
            self._agenda.add(owner)

    # --- effects without an owner -------------------------------------------------------------------------------

    def is_orphan(self, runtime: IntegrationRuntime) -> bool:
        """Whether an integration that nobody wants has effects of its own, which it can remove when it is up."""
        return bool(self._services.effects.of(runtime.id)) and not self._services.cleanups.of(runtime.id)

    def may_be_left(self, records: Sequence[ConfigRecord]) -> set[str]:
        """Return the ids for which `is_left` may have anything to do: of nearly all nothing was ever left."""
        ids, cleaned_up = {record.id for record in records}, ConditionType.CLEANED_UP
        cleaning = self._world.cleaning
        if self._world.alarms or (cleaning and any(record.integration in cleaning for record in records)):
            return ids
        noted = {record.id for record in records if cleaned_up in record.conditions}
        return noted | (self._tries.keys() & ids) | self._services.effects.among(ids)

    async def is_left(self, record: ConfigRecord) -> bool:
        """Remove the effects that lost their owner, when that is due; returns whether something is left to clean up."""
        rows = self._orphans(record)
        left = bool(self._services.cleanups.of(record.id))
        if not rows:
            self._no_orphans(record)
            return left
        self._world.cleaning.add(record.integration)
        if not left:
            await self._take_away(record, rows)
            rows = self._orphans(record)
        if rows:
            self._say(record, rows)
            return True
        self._no_orphans(record)
        return False

    def _orphans(self, record: ConfigRecord) -> tuple[EffectRow, ...]:
        """Return the effects of a configuration that is gone or disabled, or that it does not declare any more."""
        rows = self._services.effects.of(record.id)
        want, generation = record.effective, record.generation
        if not rows or (want.known and want.document is None):
            return ()
        if not want.wanted:
            return rows if generation is None else ()
        if generation is None or record.failure is not None or generation.document != want.document:
            return ()
        declared = effect_keys(generation.hooks)
        return tuple(row for row in rows if row.key not in declared)

    def _no_orphans(self, record: ConfigRecord) -> None:
        self._tries.pop(record.id, None)
        if record.conditions.get(ConditionType.CLEANED_UP) and not self._services.cleanups.of(record.id):
            record.note(ConditionType.CLEANED_UP, Tristate.TRUE, self._services.clock.time())
            record.message = "" if not record.effective.known else record.message
        self._world.alarms.pop(f"{_ALARM}:{record.id}", None)
        if record.integration not in self._world.cleaning:
            return
        others = (self._world.configs.get(owner) for owner in self._services.effects.owners(record.integration))
        if not any(other is not None and self._orphans(other) for other in others):
            self._world.cleaning.discard(record.integration)
            self._agenda.add(record.integration)

    async def _take_away(self, record: ConfigRecord, rows: tuple[EffectRow, ...]) -> None:
        runtime = self._world.integration(record.integration)
        if runtime.calls is None or runtime.state is not IntegrationState.ACTIVE:
            record.message = runtime.message
            if runtime.state not in {IntegrationState.ACTIVE, IntegrationState.FAILED}:
                self._agenda.add(runtime.id)
            return
        attempt, due = self._tries.get(record.id, (0, 0.0))
        if due > self._now():
            self._agenda.add_at(record.id, due)
            return
        try:
            for row in rows:
                await self._remove(runtime.calls, row)
        except Exception as error:  # noqa: BLE001 — whatever it raises, it is tried again
            record.message = describe(error)
            log.warning("%s: an effect could not be removed: %s", record.id, record.message)
            if isinstance(error, Abandoned):
                self.on_abandoned(runtime, error)
            due = self._now() + self._ways.delay(attempt + 1)
            self._tries[record.id] = (attempt + 1, due)
            self._agenda.add_at(record.id, due)

    async def _remove(self, calls: ConfigCalls, row: EffectRow) -> None:
        """Have the document that declared an effect declare it again, and remove it through that hook."""
        document = await self._ways.checked(row.document) if row.document is not None else None
        if document is None:
            why = "was not kept" if row.document is None else "is not valid any more"
            raise TerminalError(f"the document that declared {row.key!r} {why}")
        declared = await calls.declare(document, await self._ways.resolve(document))
        try:
            stopped = await calls.remove_effect(declared, _hook_of(declared, row))
        finally:
            await calls.undeclare(declared)
        self._services.cleanups.forget(row.owner)  # its hook lives no longer: the row is what tells to try again
        if stopped.abandoned is not None:
            raise stopped.abandoned
        if stopped.problems:
            raise TransientError("; ".join(stopped.problems))

    def _say(self, record: ConfigRecord, rows: tuple[EffectRow, ...]) -> None:
        """Tell what is left, why, and what a person may do: in a condition, and in an alarm once the owner is gone."""
        keys = ", ".join(row.key for row in rows)
        left = self._services.cleanups.of(record.id)
        why = "; ".join(leftover.error for leftover in left) or record.message or "its integration is being started"
        text = f"left outside: {keys} ({why}); it is tried again, or `reconcile forget {record.id}` drops it"
        reason = "EffectsLeft"
        if record.integration not in self._services.catalogue.ids():
            reason, text = "NotInstalled", _not_installed(record.id, rows)
        self._note(record, reason, text)
        if not record.effective.known:
            record.message = text
        self._world.alarms[f"{_ALARM}:{record.id}"] = f"{record.id}: {text}"

    def _tell_if_not_installed(self, integration: str) -> None:
        """Raise an alarm over an integration's own effects when nothing else can show them."""
        rows = self._services.effects.of(integration)
        if rows and integration not in self._services.catalogue.ids():
            self._world.alarms[f"{_ALARM}:{integration}"] = f"{integration}: {_not_installed(integration, rows)}"
        else:
            self._world.alarms.pop(f"{_ALARM}:{integration}", None)

    def _note(self, record: ConfigRecord, reason: str, message: str) -> None:
        record.note(ConditionType.CLEANED_UP, Tristate.FALSE, self._services.clock.time(), reason, message)

    def _now(self) -> float:
        return self._services.clock.monotonic()


def _not_installed(owner: str, rows: tuple[EffectRow, ...]) -> str:
    keys = ", ".join(row.key for row in rows)
    return (
        f"left outside: {keys}; the integration {rows[0].integration!r}, which can remove it, is not installed: "
        f"install it, or remove it by hand and run `reconcile forget {owner}`"
    )


def give_up_removals(services: Services, owner: str, key: str | None) -> None:
    """Cease to remove an owner's effects, or one of them: a person has dropped them from the inventory."""
    services.cleanups.drop(owner, lambda hook: isinstance(hook, ResourceHook) and key in (None, hook.key))


def _hook_of(declared: Generation, row: EffectRow) -> ResourceHook:
    for hook in declared.hooks:
        if isinstance(hook, ResourceHook) and hook.key == row.key:
            return hook
    raise TerminalError(f"the document that declared {row.key!r} does not declare it any more")
