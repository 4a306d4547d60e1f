"""From files to what is in force, id by id: the record of a configuration follows what its file says.

Used by the controller between a scan and its plan, on the engine's loop; absences and suspensions are judged by
`absence.py`.
"""

import asyncio
from collections.abc import Collection, Iterable

from reconciler.core.in_force.lastgood import Effective
from reconciler.core.plan.update import Transition, transition
from reconciler.model.config import Desired, Presence
from reconciler.model.state import Condition, ConditionType, IntegrationState, StateReason, Tristate
from reconciler.runtime.loop.parts import Parts
from reconciler.runtime.loop.world import ConfigRecord

_CHUNK = 1000
"""How many ids are taken in before others get the loop."""


class InForce:
    """Brings what is in force up to date, and remembers what is good.

    So many new ones as `together_from`, or more, go the short way.
    """

    def __init__(self, parts: Parts, together_from: int = 2) -> None:
        self._p = parts
        self._together_from = together_from

    async def absorb(self, ids: Collection[str]) -> list[ConfigRecord]:
        """Take in what the files say of `ids` now; returns the records that there are of them, by id."""
        ordered, valid, new_input = sorted(ids), self._valid_now(), set()
        for start in range(0, len(ordered), _CHUNK):
            if start:
                await asyncio.sleep(0)
            keys = ordered[start : start + _CHUNK]
            fresh = self._fresh(keys)
            new_input |= self._p.world.add([self._made(desired, valid) for desired in fresh.values()])
            self._p.deliveries.follow_all([self._p.world.configs[key] for key in fresh])
            taken = (key for key in keys if key not in fresh and self._take_in(key, valid))
            new_input.update(key.partition("/")[0] for key in taken)
        self._renew(new_input)
        configs = self._p.world.configs
        return [configs[key] for key in ordered if key in configs]

    async def recall(self, owners: Collection[str]) -> set[str]:
        """Give ids what was last good of them, before they are looked at for the first time; returns them all.

        `owners` are those of which an effect is known. Those whose files say what they said get it when they are taken
        in, unless others are missing: the guard over removals wants to know all that there is.
        """
        snapshot, goods = self._p.directory.snapshot, self._p.goods
        others = {*await goods.read(snapshot), *owners}
        known = {*goods.ids(), *owners}
        if not others <= snapshot.desired.keys():
            others = known
        for index, key in enumerate(others):
            if index % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(0)
            desired = snapshot.get(key)
            record = self._p.world.set_effective(self._p.absences.in_force(desired))
            if not goods.recall_same(record, desired):
                await goods.recall(key, record, snapshot)
        return known

    def take_in(self, key: str) -> None:
        """Bring what is in force for one id up to date, and remember it if it is good."""
        if self._take_in(key, self._valid_now()):
            self._renew({key.partition("/")[0]})

    def _valid_now(self) -> Condition:
        return Condition(ConditionType.VALID, Tristate.TRUE, since=self._p.services.clock.time())

    def _fresh(self, keys: Iterable[str]) -> dict[str, Desired]:
        """Return those that nothing is known of, and nothing is the matter with: all there is to do is to add them."""
        p = self._p
        if p.overrides.in_force or p.absences.root_lost:
            return {}
        desired, known = p.directory.snapshot.desired, p.world.configs
        found = [(key, desired[key]) for key in keys if key in desired and key not in known]
        fresh = {key: one for key, one in found if one.presence is Presence.VALID}
        return fresh if len(fresh) >= self._together_from else {}

    def _made(self, desired: Desired, valid: Condition) -> ConfigRecord:
        """Make the record of a fresh one, as `_take_in` would."""
        record = ConfigRecord(desired.id, Effective(desired, desired.document), conditions={valid.type: valid})
        self._p.goods.recall_or_accept(record, desired)
        return record

    def _take_in(self, key: str, valid: Condition) -> bool:
        """Return whether a configuration has new input; `valid` is the condition of those whose file is so."""
        p = self._p
        desired, known = p.directory.snapshot.get(key), p.world.configs.get(key)
        if known is not None:
            p.goods.keep_to_policy(desired)
        elif desired.presence is Presence.ABSENT:
            return False
        else:  # what was good of it comes first: a suspension keeps that in force
            p.goods.recall_same(p.world.set_effective(Effective(desired, None)), desired)
        record = p.world.set_effective(p.absences.in_force(desired))
        want = record.effective
        if desired.presence is Presence.VALID:
            record.hold(valid)
            if want.document == desired.document and not want.waits:
                p.goods.accept(record, desired)
        elif desired.presence is not Presence.ABSENT:
            self._stands_invalid(record, desired)
        record.imposed = p.overrides.imposed(want, record.accepted)
        if want.known:
            p.deliveries.follow(record)
        return known is None or self._is_new_input(record)

    def _stands_invalid(self, record: ConfigRecord, desired: Desired) -> None:
        self._p.goods.stands(desired)
        first = desired.diagnostics[0].message if desired.diagnostics else ""
        reason = desired.presence.value.capitalize()
        record.note(ConditionType.VALID, Tristate.FALSE, self._p.services.clock.time(), reason, first)

    def _is_new_input(self, record: ConfigRecord) -> bool:
        """Whether another document is in force than failed, or waited for a secret: then its backoff is over."""
        document, failure = record.effective.document, record.failure
        before = failure.digest if failure is not None else record.lacks
        if not before or document is None or before == document.digest:
            return False
        running = record.generation.document if record.generation is not None else None
        if running is not None and transition(running, document) is not Transition.REPLACE:  # back to what runs
            kind = ConditionType.APPLIED if failure is not None else ConditionType.SECRETS_RESOLVED
            record.note(kind, Tristate.TRUE, self._p.services.clock.time())
        record.failure, record.lacks, record.attempts = None, "", 0
        return True

    def _renew(self, integrations: Iterable[str]) -> None:
        """New input for one of its configurations ends the backoff of an integration that is down."""
        for name in integrations:
            runtime = self._p.world.integration(name)
            if runtime.state is IntegrationState.FAILED and runtime.reason is not StateReason.STUCK:
                runtime.attempts, runtime.retry_at = 0, self._p.services.clock.monotonic()
