"""The mass-removal guard: whether the removals asked for now may go through."""

import math
from collections import Counter
from collections.abc import Collection, Mapping

from msgspec import Struct

WINDOW = 600.0
"""How long a removal counts, in seconds."""


class PruneLimit(Struct, frozen=True):
    """How many net removals within the window are normal: the larger of `count` and `percent` of what was there."""

    count: int = 3
    percent: float = 10.0

    @classmethod
    def parse(cls, text: str) -> "PruneLimit":
        """Read `10%` (or at least 3), or a plain number. Raises ValueError, saying what is expected."""
        number, is_percent = (text[:-1], True) if text.endswith("%") else (text, False)
        try:
            value = float(number) if is_percent else int(number)
        except ValueError:
            value = -1
        if not 0 <= value <= (100 if is_percent else 10**9):
            raise ValueError(f"a prune limit is a number such as 5, or a percentage from 0% to 100%, not {text!r}")
        return cls(3, float(value)) if is_percent else cls(int(value), 0.0)

    def allows(self, removals: int, before: int) -> bool:
        """Whether `removals` out of the `before` configurations that there were are normal."""
        return removals <= max(self.count, math.floor(before * self.percent / 100))


class Verdict(Struct, frozen=True):
    """The removals that are held, and why; empty when all may go."""

    held: frozenset[str] = frozenset()
    reason: str = ""


def judge(
    asked: Collection[str],
    removed: Mapping[str, float],
    present: Mapping[str, int],
    limit: PruneLimit,
    now: float,
) -> Verdict:
    """Judge the removals `asked` for.

    `removed` maps ids that were removed, and have not come back, to when; `present` counts, by integration, the
    configurations that remain. Each integration is judged by itself, then all together; `now` is in seconds.
    """
    recent = {key for key, at in removed.items() if now - at < WINDOW}
    net = Counter(_integration(key) for key in recent | set(asked))
    held = {key for key in asked if not limit.allows(net[_integration(key)], _before(key, net, present))}
    total, before = net.total(), sum(present.values()) + net.total()
    if not limit.allows(total, before):
        held = set(asked)
    if not held:
        return Verdict()
    return Verdict(frozenset(held), f"{len(held)} of {before} configurations would be removed within 10 minutes")


def _before(key: str, net: Mapping[str, int], present: Mapping[str, int]) -> int:
    integration = _integration(key)
    return present.get(integration, 0) + net[integration]


def _integration(key: str) -> str:
    return key.partition("/")[0]
