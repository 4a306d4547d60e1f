"""One file's findings fixed over and over until nothing is left to fix. Reads and writes nothing: bytes in, bytes out.

A fix may bring the next finding to light: a key that is spelt right now has a value that can be judged. `run.py` brings
the bytes and writes them back.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from msgspec import Struct

from reconciler.config.fix.proof import changes_nothing_else
from reconciler.core.findings.splice import begin, overlap, splice
from reconciler.model.diagnostic import Diagnostic, Edit

_MOST_ROUNDS: Final = 20
"""Each round fixes what the one before brought to light; a document is not so deep."""
_MOST_SINGLE: Final = 50

Judge = Callable[[bytes], Sequence[Diagnostic]]
"""What is wrong with the bytes of a file."""
Breaches = Callable[[bytes], frozenset[Hashable]]
"""What of the bytes of a file the policy does not allow."""


class Fixed(Struct, frozen=True):
    """The bytes of a file after its fixes, the findings that they fixed, and those `refused` by the policy."""

    data: bytes
    findings: tuple[Diagnostic, ...] = ()
    refused: tuple[Diagnostic, ...] = ()


def fix_bytes(data: bytes, judge: Judge, breaches: Breaches = lambda _: frozenset()) -> Fixed:
    """Return `data` with every safe fix made that provably changes nothing else, and those it brings to light.

    One after which more breaches the policy than before is not made.
    """
    fixed: list[Diagnostic] = []
    refused: list[Diagnostic] = []
    for _ in range(_MOST_ROUNDS):
        chosen = _without_overlap([found for found in judge(data) if found.is_fixable])
        changed, done, refused = _make(data, chosen, breaches)
        if not done:
            break
        data = changed
        fixed += done
    return Fixed(data, tuple(fixed), tuple(refused))


def _make(
    data: bytes, chosen: list[Diagnostic], breaches: Breaches
) -> tuple[bytes, list[Diagnostic], list[Diagnostic]]:
    """Make all fixes at once, or where that is not proven to be right, one by one those that are.

    Returns the bytes, what was fixed, and what was refused.
    """
    before = breaches(data)
    changed = _spliced(data, chosen)
    if changed is not None and breaches(changed) <= before:
        return changed, chosen, []
    made, done, refused = data, list[Diagnostic](), list[Diagnostic]()
    for found in chosen[:_MOST_SINGLE]:
        more = _spliced(data, [*done, found])
        if more is not None and breaches(more) <= before:
            done.append(found)
            made = more
        elif more is not None:
            refused.append(found)
    return made, done, refused


def _spliced(data: bytes, chosen: list[Diagnostic]) -> bytes | None:
    try:
        changed = splice(data, _edits(chosen))
    except ValueError:
        return None
    return changed if changed != data and changes_nothing_else(data, changed, chosen) else None


def _edits(chosen: Sequence[Diagnostic]) -> list[Edit]:
    return [edit for found in chosen if found.fix is not None for edit in found.fix.edits]


def _without_overlap(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Leave out what touches the text of an earlier fix: the next round will see what is left of it."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for found in findings:
        edits = _edits([found])
        if not any(_touches(edit, taken) for edit in edits):
            chosen.append(found)
            for edit in edits:
                insort(taken, edit, key=begin)
    return chosen


def _touches(edit: Edit, taken: list[Edit]) -> bool:
    """Whether an edit overlaps one of those that are taken, which are sorted: only the two beside it can."""
    at = bisect_right(taken, begin(edit), key=begin)
    return any(overlap(edit, other) for other in taken[max(0, at - 1) : at + 1])
