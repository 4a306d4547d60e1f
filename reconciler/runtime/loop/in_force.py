"""From files to what is in force, id by id: the record of a configuration follows what its file says.

Used by the controller between a scan and its plan, on the engine's loop; absences and suspensions are judged by
`absence.py`.
"""

import asyncio
from collections.abc import Collection

from reconciler.model.config import Desired, Presence
from reconciler.model.state import ConditionType, IntegrationState, StateReason, Tristate
from reconciler.runtime.loop.parts import Parts
from reconciler.runtime.loop.world import ConfigRecord

_CHUNK = 1000
"""How many ids are taken in before others get the loop."""


class InForce:
    """Brings what is in force up to date, and remembers what is good."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts

    async def absorb(self, ids: Collection[str]) -> list[ConfigRecord]:
        """Take in what the files say of `ids` now; returns the records that there are of them, by id."""
        ordered = sorted(ids)
        for index, key in enumerate(ordered):
            if index % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(0)
            self.take_in(key)
        configs = self._p.world.configs
        return [configs[key] for key in ordered if key in configs]

    async def recall(self, keys: Collection[str]) -> None:
        """Give ids what was last good of them, before they are looked at for the first time."""
        snapshot, goods = self._p.directory.snapshot, self._p.goods
        for index, key in enumerate(keys):
            if index % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(0)
            desired = snapshot.get(key)
            record = self._p.world.set_effective(self._p.absences.in_force(desired))
            if not goods.recall_same(record, desired):
                await goods.recall(key, record, snapshot)

    def take_in(self, key: str) -> None:
        """Bring what is in force for one id up to date, and remember it if it is good."""
        desired = self._p.directory.snapshot.get(key)
        if desired.presence is Presence.ABSENT and key not in self._p.world.configs:
            return
        is_new = key not in self._p.world.configs
        if not is_new:
            self._p.goods.keep_to_policy(desired)
        record = self._p.world.set_effective(self._p.absences.in_force(desired))
        if desired.presence is Presence.VALID:
            record.note(ConditionType.VALID, Tristate.TRUE, self._p.services.clock.time())
            if record.effective.document == desired.document and not record.effective.waits:
                self._p.goods.accept(record, desired)
        elif desired.presence is not Presence.ABSENT:
            self._stands_invalid(record, desired)
        record.imposed = self._p.overrides.imposed(record.effective, record.accepted)
        self._new_input(record, is_new=is_new)
        if record.effective.known:
            self._p.deliveries.follow(record)

    def _stands_invalid(self, record: ConfigRecord, desired: Desired) -> None:
        self._p.goods.stands(desired)
        first = desired.diagnostics[0].message if desired.diagnostics else ""
        reason = desired.presence.value.capitalize()
        record.note(ConditionType.VALID, Tristate.FALSE, self._p.services.clock.time(), reason, first)

    def _new_input(self, record: ConfigRecord, *, is_new: bool) -> None:
        """A change of input resets backoff, of the configuration and of an integration that is down."""
        document, failure = record.effective.document, record.failure
        if not is_new and (failure is None or document is None or failure.digest == document.digest):
            return
        record.failure, record.attempts = None, 0
        runtime = self._p.world.integration(record.integration)
        if runtime.state is IntegrationState.FAILED and runtime.reason is not StateReason.STUCK:
            runtime.attempts, runtime.retry_at = 0, self._p.services.clock.monotonic()
