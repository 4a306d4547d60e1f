"""The values of secrets that code has seen, and texts without them: the last line of defence behind `Secret`.

A value that was never revealed cannot stand in a text that code has made. So a `Secret` tells this of the first
`reveal()`, and whatever becomes of an integration's texts goes through `masked`. One for each engine; the resolver
hands it out with every value. Every method may be called from any thread.
"""

import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from reconciler.model.secret import MASKED, SHORTEST

if TYPE_CHECKING:
    from reconciler.core.masking.spellings import Trace

_KEPT: Final = 1000
"""How many values are looked for after the last `Secret` of theirs is gone: what was made of them may be told later."""
_LONGEST: Final = 128 * 1024
"""More of a text is not looked through, and cut off: nobody shows as much."""
_MARGIN: Final = 4096
"""What is cut off is less by this than what is looked through, so that no half of a value stays at the end."""
_FEW: Final = 4
"""So many pieces may share an anchor before another one is looked for."""


class _Lease:
    """Held by every `Secret` that has revealed one value; gone with the last of them."""

    __slots__ = ("__weakref__",)


class _Known:
    """One value: what is looked for, and whether somebody still holds it."""

    __slots__ = ("anchored", "lease", "value")

    def __init__(self, value: str) -> None:
        self.value = value
        self.anchored: list[tuple[str, Trace]] = []
        self.lease: Callable[[], _Lease | None] = lambda: None


class Revealed:
    """Remembers values while a `Secret` of theirs lives, and the last 1,000 after that."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lock = threading.RLock()  # a finalizer that a collection of garbage calls may reveal another one
        self._known: dict[str, _Known] = {}
        self._anchors: dict[str, tuple[Trace, ...]] = {}
        self._odd: dict[str, tuple[Trace, ...]] = {}
        """Anchors that are no letters and digits, of values that have not as many of them in a row."""
        self._gone: deque[_Known] = deque()
        ref = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _unlock(ref))

    def __reduce__(self) -> "tuple[type[Revealed], tuple[int]]":
        """Travel empty: values do not leave the process."""
        return Revealed, (self._kept,)

    def note(self, value: str) -> object | None:
        """Look for `value` from now on, and for as long as what is returned lives; None where it is too short."""
        known = self._known.get(value)
        lease = known.lease() if known is not None else None
        if lease is not None or len(value) < SHORTEST:
            return lease
        with self._lock:
            return self._lease(value)

    def masked(self, text: str) -> str:
        """Return `text` with `***` for every value in it; the very same where there is none."""
        if not self._known or len(text) < SHORTEST:
            return text
        if len(text) > _LONGEST:
            return f"{self._replaced(text[:_LONGEST])[:-_MARGIN]}…"
        return self._replaced(text)

    def _replaced(self, text: str) -> str:
        traces = {id(trace): trace for trace in self._found(text)}
        spans = sorted(span for trace in traces.values() for span in trace.spans(text))
        if not spans:
            return text
        parts: list[str] = []
        end = 0
        for start, stop in spans:
            if start > end or not parts:
                parts += [text[end:start], MASKED]
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def _found(self, text: str) -> "Iterator[Trace]":
        """Yield what may stand in `text`; takes as long for one value as for thousands."""
        from reconciler.core.masking.spellings import RUNS

        anchors = self._anchors
        for run in RUNS.findall(text):
            for start in range(len(run) - SHORTEST + 1):
                if (anchor := run[start : start + SHORTEST]) in anchors:
                    yield from anchors.get(anchor, ())
        if self._odd:
            for start in range(len(text) - SHORTEST + 1):
                yield from self._odd.get(text[start : start + SHORTEST], ())

    # --- under the lock -----------------------------------------------------------------------------------------

    def _lease(self, value: str) -> object:
        known = self._known.get(value)
        if known is None:
            known = _Known(value)
            self._anchor(known)
            self._known[value] = known
        lease = known.lease()
        if lease is None:
            lease = _Lease()
            # A collection of garbage may call it at any moment, under the lock as well: it takes none.
            known.lease = weakref.ref(lease, partial(_let_go, self._gone, known))
        while len(self._gone) > self._kept:
            self._forget(self._gone.popleft())
        return lease

    def _anchor(self, known: _Known) -> None:
        from reconciler.core.masking.spellings import Trace, pieces

        for trace in map(Trace, pieces(known.value)):
            for choice in trace.anchors:
                anchor = self._rare(choice)
                table = self._table(anchor)
                table[anchor] = (*table.get(anchor, ()), trace)
                known.anchored.append((anchor, trace))

    def _rare(self, choice: Iterable[str]) -> str:
        """Return an anchor that few others have, or the fewest: what all have in common is in many a text."""
        best, least = "", sys.maxsize
        for anchor in choice:
            number = len(self._table(anchor).get(anchor, ()))
            if number < least:
                best, least = anchor, number
            if number < _FEW:
                break
        return best

    def _forget(self, known: _Known) -> None:
        if known.lease() is not None or self._known.get(known.value) is not known:
            return
        del self._known[known.value]
        for anchor, trace in known.anchored:
            table = self._table(anchor)
            left = tuple(one for one in table.get(anchor, ()) if one is not trace)
            if left:
                table[anchor] = left
            else:
                table.pop(anchor, None)

    def _table(self, anchor: str) -> "dict[str, tuple[Trace, ...]]":
        return self._anchors if anchor.isalnum() and anchor.isascii() else self._odd


def _let_go(gone: deque[_Known], known: _Known, _lease: object) -> None:
    gone.append(known)


def _unlock(ref: "weakref.ref[Revealed]") -> None:
    """In the child of a fork nobody is there to release what another thread held."""
    revealed = ref()
    if revealed is not None:
        revealed._lock = threading.RLock()  # noqa: SLF001 — a part of this class that must not hold it
