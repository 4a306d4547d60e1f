"""The passes of the loop: what each planned, what came of it, and when it may be called ended."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.model.plan import Outcome, OutcomeStatus, Plan
from reconciler.model.state import PassRecord

_KEPT_ACTIONS = 1000
"""How many actions of one pass the history holds."""


class OpenPass(Struct, eq=False):
    """A pass whose actions do not all have an outcome yet.

    It waits for the end of work on each key in `waiting`. What was `under_way` when it opened had begun with what was
    asked for before: such a key is worked on again, and the pass waits for that.
    """

    number: int
    started: float
    trigger: str
    files: int
    configs: int
    errors: int
    plan: Plan
    began: float
    waiting: set[str] = field(default_factory=set)
    under_way: set[str] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)
    _early: dict[str, Outcome | None] = field(default_factory=dict)

    def hear(self, outcomes: Mapping[str, Outcome | None]) -> bool:
        """Take in that work on these keys has ended; returns whether it is work that the pass waits for."""
        early = self.under_way.intersection(outcomes) if self.under_way else self.under_way
        ended = [key for key in outcomes if key in self.waiting and key not in early]
        # What was under way may have seen what this pass asks for, and left nothing to do: then its outcome counts.
        told = [self._early.get(key) if (outcome := outcomes[key]) is None else outcome for key in ended]
        self.outcomes += [outcome for outcome in told if outcome is not None]
        self.waiting.difference_update(ended)
        self._early.update((key, outcomes[key]) for key in early)
        self.under_way = self.under_way - early
        return bool(ended)

    def record(self, now: float) -> PassRecord:
        """Return what the history keeps of it; `now` is monotonic, like `began`."""
        return PassRecord(
            number=self.number,
            started=self.started,
            seconds=max(0.0, now - self.began),
            trigger=self.trigger,
            files=self.files,
            configs=self.configs,
            actions=tuple(_item(outcome) for outcome in self.outcomes[:_KEPT_ACTIONS]),
            held=len(self.plan.held),
            errors=self.errors,
        )


class Passes:
    """Follows open passes to their end, and hands each ended one on, once.

    `in_pass` is kept: the number of the newest pass that waits for each key.
    """

    def __init__(self, ended: Callable[[OpenPass], None], first: int, in_pass: dict[str, int]) -> None:
        self._in_pass = in_pass
        self._ended = ended
        self._open: list[OpenPass] = []
        self.next_number = first

    def begin(self, open_pass: OpenPass) -> None:
        """Follow a pass; one with nothing to wait for ends at once."""
        self.next_number += 1
        if open_pass.waiting:
            self._open.append(open_pass)
            self._in_pass.update(dict.fromkeys(open_pass.waiting, open_pass.number))
        else:
            self._ended(open_pass)

    def done(self, outcomes: Mapping[str, Outcome | None]) -> None:
        """Work on these keys has ended: it counts for every open pass that waits for it."""
        again = {key for one in self._open if one.under_way for key in one.under_way.intersection(outcomes)}
        for key in outcomes.keys() - again:
            self._in_pass.pop(key, None)
        for open_pass in list(self._open):
            if open_pass.hear(outcomes) and not open_pass.waiting:
                self._open.remove(open_pass)
                self._ended(open_pass)


def _item(outcome: Outcome) -> dict[str, Any]:
    action = outcome.action
    return {
        "kind": action.kind.value,
        "key": action.key,
        "reason": action.reason.value,
        "status": outcome.status.value,
        "message": outcome.message,
        "seconds": round(outcome.seconds, 4),
    }


def failed(outcome: Outcome) -> bool:
    """Whether an outcome is a failure (waiting is none)."""
    return outcome.status is OutcomeStatus.FAILED
