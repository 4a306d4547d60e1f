"""Where two forms of a text differ, line by line, in the pieces of a unified diff. Pure, and linear in the lines.

For fixes, which leave the number of lines as it is: line stands against line, and nothing is searched for. Where the
numbers differ, all between what is the same at both ends is one change: right as well, only longer.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

CONTEXT: Final = 3
"""How many lines are shown before and after a change."""


class Change(Struct, frozen=True):
    """Lines `start` to `stop` of the old text have become `new_start` to `new_stop` of the new: indices from 0."""

    start: int
    stop: int
    new_start: int
    new_stop: int


class Hunk(Struct, frozen=True):
    """Changes near each other. `lines` are a sign, ` `, `-` or `+`, with a line of the old text or the new one."""

    head: str
    lines: tuple[tuple[str, str], ...]


def hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    """Yield what a unified diff of the two says, in order; nothing where they are equal."""
    near: list[Change] = []
    for change in changes(old, new):
        if near and change.start - near[-1].stop > 2 * CONTEXT:
            yield _hunk(old, new, near)
            near = []
        near.append(change)
    if near:
        yield _hunk(old, new, near)


def changes(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    """Yield the runs of lines that differ."""
    if len(old) == len(new):
        start = None
        for index, (was, now) in enumerate(zip(old, new, strict=True)):
            if was != now:
                start = index if start is None else start
            elif start is not None:
                yield Change(start, index, start, index)
                start = None
        if start is not None:
            yield Change(start, len(old), start, len(new))
        return
    shorter = min(len(old), len(new))
    first = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    last = next((n for n in range(shorter - first) if old[-1 - n] != new[-1 - n]), shorter - first)
    yield Change(first, len(old) - last, first, len(new) - last)


def _hunk(old: Sequence[str], new: Sequence[str], near: Sequence[Change]) -> Hunk:
    first, last = near[0], near[-1]
    start, stop = max(0, first.start - CONTEXT), min(len(old), last.stop + CONTEXT)
    new_start, new_stop = first.new_start - (first.start - start), last.new_stop + (stop - last.stop)
    lines: list[tuple[str, str]] = [(" ", line) for line in old[start : first.start]]
    for change, after in pairwise([*near, None]):
        assert change is not None
        lines += [("-", line) for line in old[change.start : change.stop]]
        lines += [("+", line) for line in new[change.new_start : change.new_stop]]
        lines += [(" ", line) for line in old[change.stop : stop if after is None else after.start]]
    return Hunk(f"@@ -{_range(start, stop)} +{_range(new_start, new_stop)} @@", tuple(lines))


def _range(start: int, stop: int) -> str:
    """Return a range as a diff counts: from 1, a length of one left out, an empty range after the line before it."""
    length = stop - start
    if length == 1:
        return f"{start + 1}"
    return f"{start + 1 if length else start},{length}"
