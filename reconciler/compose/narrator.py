"""Turns what the engine's loop tells its listener into the events that people are told. Decides nothing."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence

from msgspec import Struct, field

from reconciler.model.config import Presence
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.override import OverrideKind
from reconciler.model.plan import ActionKind, Outcome, OutcomeStatus, Plan
from reconciler.model.state import PassRecord, StateReason
from reconciler.report.story.daemon_event import (
    Alarm,
    Cleared,
    DaemonEvent,
    Found,
    Held,
    InForce,
    Intervened,
    Invalid,
    Many,
    Passed,
    Ready,
    Settled,
    Unheld,
    Valid,
    Waits,
)
from reconciler.runtime.engine import Engine
from reconciler.runtime.listener import Listener
from reconciler.runtime.loop.world import ConfigRecord

_FEW = 50
"""More actions of one kind on one integration than this are told together."""
_STATUSES = (OutcomeStatus.APPLIED, OutcomeStatus.FAILED, OutcomeStatus.WAITING)
_QUIET_PASSES = 3
_EXAMPLES = 5
"""How many failures among them are told one by one all the same."""
_INVALID = (Presence.INVALID, Presence.UNREADABLE, Presence.DUPLICATE)


class _Together(Struct):
    """How many actions of a group are still to come, and how those that ended since it was told have ended."""

    left: int = 0
    quiet: int = 0
    """How many passes have ended since without any of them: what turned out to need nothing is not told."""
    counts: Counter[OutcomeStatus] = field(default_factory=Counter)


class Narrator:
    """Remembers what was told last, so that each thing is told once. Called on the engine's loop."""

    def __init__(self, tell: Callable[[DaemonEvent], None]) -> None:
        self._tell = tell
        self._engine: Engine | None = None
        self._invalid: dict[str, tuple[Diagnostic, ...]] = {}
        self._found: frozenset[Diagnostic] = frozenset()
        self._alarms: tuple[str, ...] = ()
        self._kept_back: dict[str, str] = {}
        self._held = ""
        self._waiting: dict[str, tuple[str | None, str]] = {}
        self._many: dict[tuple[str, ActionKind], _Together] = {}
        self._is_ready = False

    def listener(self) -> Listener:
        """Return the listener to build the engine with."""
        return Listener(
            on_look=self._looked,
            on_plan=self._planned,
            on_outcomes=self._worked,
            on_pass=self._passed,
            on_intervention=lambda done: self._tell(Intervened(done)),
        )

    def attach(self, engine: Engine) -> None:
        """Say which engine is listened to."""
        self._engine = engine

    def _looked(self, records: Sequence[ConfigRecord]) -> None:
        for record in _noteworthy(records, self._invalid.keys() | self._kept_back.keys()):
            self._tell_validity(record)
            self._tell_kept_back(record)
        assert self._engine is not None
        told = {diagnostic for found in self._invalid.values() for diagnostic in found}
        found = self._engine.diagnostics()
        others = [d for d in found if d not in told]
        new, before = [d for d in others if d not in self._found], self._found
        self._found = frozenset(others)
        if new:
            self._tell(Found(tuple(new)))
        files = {d.span.file for d in found} if before else ()
        if gone := [d for d in before if d.span.file not in files]:
            self._tell(Cleared(tuple(sorted(gone, key=Diagnostic.sort_key))))
        self._tell_alarms()

    def _tell_validity(self, record: ConfigRecord) -> None:
        desired = record.effective.desired
        before = self._invalid.get(record.id)
        if desired.presence in _INVALID:
            if before != desired.diagnostics:
                self._invalid[record.id] = desired.diagnostics
                self._tell(Invalid(record.id, desired.diagnostics, running=record.effective.wanted))
        elif before is not None:
            del self._invalid[record.id]
            running = record.generation.document if record.generation is not None else None
            if desired.presence is Presence.VALID and running == record.effective.document:
                self._tell(Valid(record.id, desired.file, desired.line))

    def _tell_kept_back(self, record: ConfigRecord) -> None:
        """Say once that a suspension keeps a change back, and again when the file changes again."""
        want = record.effective
        if not want.waits and want.stale is not StateReason.SUSPENDED:
            self._kept_back.pop(record.id, None)
            return
        digest = want.desired.document.digest if want.desired.document is not None else ""
        if self._kept_back.get(record.id) != digest:
            self._kept_back[record.id] = digest
            who = next((o.who for o in reversed(record.imposed.overrides) if o.kind is OverrideKind.SUSPEND), "")
            self._tell(Waits(record.id, who, want.waits, want.desired.file, want.desired.line))

    def _planned(self, plan: Plan) -> None:
        digest = plan.digest if plan.held else ""
        if digest and digest != self._held:
            assert self._engine is not None
            self._tell(Held(plan, self._engine.held_reason))
        self._held = digest
        kinds = Counter([(action.key.partition("/")[0], action.kind) for action in plan.actions if not action.held])
        for group, number in kinds.items():
            if number > _FEW:
                self._many.setdefault(group, _Together()).left += number

    def _worked(self, outcomes: Sequence[Outcome]) -> None:
        kind, integration = outcomes[0].action.kind, f"{outcomes[0].action.integration}/"
        together, quiet = self._many.get((outcomes[0].action.integration, kind)), 0
        for outcome in outcomes:
            action = outcome.action
            is_one_of_many = together is not None and action.kind is kind and action.key.startswith(integration)
            if is_one_of_many and outcome.status is OutcomeStatus.APPLIED and action.key not in self._waiting:
                quiet += 1
            else:
                self._settled(outcome)
        if together is not None and quiet:
            together.left -= quiet
            together.counts[OutcomeStatus.APPLIED] += quiet

    def _settled(self, outcome: Outcome) -> None:
        assert self._engine is not None
        action, status = outcome.action, outcome.status
        if self._waits_on(outcome):
            return
        together = self._many.get((action.integration, action.kind))
        if together is not None:
            together.left -= 1
            together.counts[status] += 1
            if status is OutcomeStatus.APPLIED or together.counts[status] > _EXAMPLES:
                return
        file, line = self._engine.place_of(action.key)
        self._tell(Settled(outcome, file, line, self._engine.runs(action.key), self._engine.in_pass.get(action.key)))

    def _waits_on(self, outcome: Outcome) -> bool:
        """Whether it waits for what it was told to wait for before: each retry of it is no news."""
        action = outcome.action
        before = self._waiting.pop(action.key, None)
        if outcome.status is not OutcomeStatus.WAITING:
            return False
        self._waiting[action.key] = now = (action.new_digest, outcome.message)
        return now == before

    def _passed(self, record: PassRecord) -> None:
        self._tell(Passed(record))
        self._tell_many()
        if self._held and not record.held:
            self._held = ""
            self._tell(Unheld())
        self._tell_alarms()
        assert self._engine is not None
        if not self._is_ready and self._engine.ready:  # a later pass may have had nothing to do, and ended first
            self._is_ready = True
            configs, _, _ = self._engine.counts()
            self._tell(Ready(sum(configs.values()), configs["active"], configs["failed"], record.seconds))
            for override, concerned in self._engine.overrides.listed():
                self._tell(InForce(override, concerned))

    def _tell_many(self) -> None:
        """Tell at the end of a pass what has been done together so far; what is left is another pass's."""
        for (integration, kind), together in self._many.items():
            if together.counts:
                done, failed, waiting = (together.counts[status] for status in _STATUSES)
                self._tell(Many(integration, kind, done, failed, waiting))
                together.counts.clear()
                together.quiet = 0
            else:
                together.quiet += 1
        self._many = {key: one for key, one in self._many.items() if one.left > 0 and one.quiet < _QUIET_PASSES}

    def _tell_alarms(self) -> None:
        assert self._engine is not None
        alarms = self._engine.own_alarms()
        for message in alarms:
            if message not in self._alarms:
                self._tell(Alarm(message))
        for message in self._alarms:
            if message not in alarms:
                self._tell(Alarm(message, over=True))
        self._alarms = alarms


def _noteworthy(records: Iterable[ConfigRecord], known: Container[str]) -> list[ConfigRecord]:
    """Return those with which something is the matter, or was as far as is `known`: few of a start's thousands."""
    valid, no_reason = Presence.VALID, StateReason.NONE
    found = [(record, record.effective) for record in records]
    return [
        record
        for record, want in found
        if want.desired.presence is not valid or want.stale is not no_reason or want.waits or record.id in known
    ]
