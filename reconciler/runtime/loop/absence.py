"""From a scan to what is in force: two looks before an absence counts, and the guard over removals.

Used by the controller, on the engine's loop; the decisions are `core.lastgood` and `core.guard`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable

from msgspec.structs import replace

from reconciler.core.in_force.lastgood import Effective, effective
from reconciler.core.in_force.override import freeze
from reconciler.core.plan.diff import config_action
from reconciler.core.plan.guard import WINDOW, PruneLimit, Verdict, judge
from reconciler.model.config import Desired
from reconciler.model.plan import Action, ActionKind, ActionReason, Plan
from reconciler.runtime.asking.overrides import Overrides
from reconciler.runtime.loop.world import World

TWO_LOOKS = 0.1
"""The least time between the two looks that confirm an absence, in seconds."""
QUIET = 2.0
"""How long nothing that was missing must have come back before anything else that is missing may go, in seconds.

Files that come back one by one are a directory that is filled again, or a file that is written slowly: the others may
follow. The same holds after the root itself has come back.
"""
UNSETTLED = 3.0
"""How long an absence is doubted at most because files are being written, in seconds: one may be its new place."""


class Absences:
    """Which ids are missing: seen once, confirmed, held, approved; and what was removed lately.

    A worker is `following`: it holds every removal until the runner has answered for it (`succession.py`).
    """

    def __init__(self, world: World, limit: PruneLimit, overrides: Overrides) -> None:
        self._world = world
        self._overrides = overrides
        self._limit = limit
        self._vanishing: dict[str, float] = {}
        self._confirmed: set[str] = set()
        self._approved: set[str] = set()
        self._removed: dict[str, float] = {}
        self.verdict = Verdict()
        self.root_lost = ""
        self.unsettled = False
        """Whether the last scan found files that are still being written."""
        self._quiet_at = float("-inf")
        self._is_holding_on = False
        self.following = False
        self._unkept: set[str] = set()

    @property
    def recheck_at(self) -> float | None:
        """When the earliest of the ids that were missed once may be looked at again (monotonic), or None."""
        if self.root_lost:  # its return is a change that is seen
            return None
        due = [self._quiet_at] if self._is_holding_on else []
        if self._vanishing:
            due.append(max(min(self._vanishing.values()) + self._doubt, self._quiet_at))
        return min(due, default=None)

    @property
    def _doubt(self) -> float:
        return UNSETTLED if self.unsettled else TWO_LOOKS

    def lose_root(self, why: str, now: float) -> None:
        """The root is lost for a reason, or is there again (the empty string)."""
        if self.root_lost and not why:
            self._quiet_at = now + QUIET
        self.root_lost = why

    @property
    def vanishing(self) -> Collection[str]:
        """The ids that were missed once."""
        return self._vanishing.keys()

    def observe(self, ids: Iterable[str], there: Container[str], now: float) -> set[str]:
        """Take in which of `ids` a scan has found `there`; returns those whose effective document may have changed."""
        changed = set(ids)
        if self.root_lost:  # nothing is missed where nothing can be seen; once the root is back, all is looked at
            self._vanishing.clear()
        is_any_missed = self._vanishing or self._confirmed or self._approved or self._unkept or self._removed
        absent = {key for key in changed if key not in there}
        if is_any_missed:
            for key in changed - absent:
                self._came_back(key, now)
        for key in absent:
            if key in self._world.configs and key not in self._confirmed and not self.root_lost:
                self._vanishing.setdefault(key, now)
        for key, since in list(self._vanishing.items()):
            if now >= since + self._doubt and now >= self._quiet_at:
                del self._vanishing[key]
                self._confirmed.add(key)
                changed.add(key)
        return changed | self._judge(now)

    def in_force(self, desired: Desired) -> Effective:
        """Return what is in force for an id, by what is known of its absence and of suspensions."""
        want = self.asked_for(desired)
        if not self._overrides.in_force:
            return want
        record = self._world.configs.get(desired.id)
        accepted = record.accepted if record is not None else None
        if not self._overrides.suspended(desired.id, desired.document, accepted):
            return want
        return freeze(want, accepted, record.applied if record is not None else None)

    def asked_for(self, desired: Desired) -> Effective:
        """Return what would be in force without any suspension."""
        record = self._world.configs.get(desired.id)
        accepted = record.accepted if record is not None else None
        held = bool(self.root_lost) or desired.id in self.verdict.held
        return effective(desired, accepted, confirmed=desired.id in self._confirmed, held=held)

    def suspended(self, get: Callable[[str], Desired]) -> tuple[Action, ...]:
        """Return the actions that suspensions alone keep back."""
        records = [record for record in self._world.configs.values() if record.imposed.suspended]
        asked = ((record, self.asked_for(get(record.id))) for record in records)
        actions = [config_action(r.id, want, r.live) for r, want in asked if want != r.effective]
        return tuple(replace(action, suspended=True) for action in actions if action is not None)

    def carried_out(self, key: str, now: float) -> None:
        """What ran under `key` is stopped, though something is left outside: there is nothing to hold any more."""
        self._approved.add(key)
        self._removed.setdefault(key, now)

    def removed(self, key: str, now: float) -> None:
        """The removal of `key` was carried out: it counts for a while."""
        self._confirmed.discard(key)
        self._approved.discard(key)
        self._unkept.discard(key)
        self._removed[key] = now

    @property
    def unanswered(self) -> set[str]:
        """The ids that a worker holds until it knows what the runner does with them."""
        return self._confirmed - self._approved - self._unkept if self.following else set()

    def answer(self, unkept: Collection[str], removed: Collection[str]) -> None:
        """The runner has removed `removed`, and never kept `unkept`: those are judged here."""
        self._unkept |= set(unkept)
        self._approved |= set(removed)

    def approve(self, digest: str) -> frozenset[str]:
        """Release the held removals if `digest` is theirs; returns them, empty when it is not.

        A worker releases only what the runner never kept.
        """
        plan = Plan(self._world.held)
        if not plan.held or plan.digest != digest or self.root_lost:
            return frozenset()
        keys = frozenset(action.key for action in plan.held) - self.unanswered
        self._approved |= keys
        return keys

    def _came_back(self, key: str, now: float) -> None:
        if key in self._vanishing or key in self._confirmed:
            self._quiet_at = now + QUIET
        self._vanishing.pop(key, None)
        self._confirmed.discard(key)
        self._approved.discard(key)
        self._unkept.discard(key)
        self._removed.pop(key, None)

    def _judge(self, now: float) -> set[str]:
        """Judge the removals again; returns the ids for which the verdict has changed."""
        before = self.verdict.held
        self._removed = {key: at for key, at in self._removed.items() if now - at < WINDOW}
        unanswered = self.unanswered
        asked = {key for key in self._confirmed - self._approved - unanswered if self._is_removal(key)}
        if asked:
            gone = asked | unanswered
            present = Counter(record.integration for key, record in self._world.configs.items() if key not in gone)
            self.verdict = self._hold_on(judge(asked, self._removed, present, self._limit, now), asked, now)
        else:
            self.verdict, self._is_holding_on = Verdict(), False
        if unanswered:
            self.verdict = Verdict(self.verdict.held | unanswered, self.verdict.reason or "the runner keeps them")
        self._world.held = tuple(self._held_action(key) for key in sorted(self.verdict.held))
        return set(before ^ self.verdict.held)

    def _is_removal(self, key: str) -> bool:
        """Whether there is something to judge: a suspension keeps it back until it ends, or it has been let go before.

        A removal that was carried out, and left something outside, goes on after a restart.
        """
        suspended = self._overrides.suspended(key, None, self._world.configs[key].accepted)
        return not suspended and not self._world.is_remainder(key)

    def _hold_on(self, verdict: Verdict, asked: Collection[str], now: float) -> Verdict:
        """Keep holding what was held as long as some of it comes back."""
        still = self.verdict.held.intersection(asked)
        self._is_holding_on = now < self._quiet_at and not still <= verdict.held
        if not self._is_holding_on:
            return verdict
        return Verdict(verdict.held | still, verdict.reason or self.verdict.reason)

    def _held_action(self, key: str) -> Action:
        accepted = self._world.configs[key].accepted
        digest = accepted.digest if accepted is not None else None
        return Action(ActionKind.REMOVE, key, ActionReason.DELETED, digest, held=True)
