"""Which writes to the state directory failed, and when to make them again. Bookkeeping alone; `good_writes` writes.

What is remembered is which ids are not on disk as they are in memory, not the rows: when the disk has room again, the
newest is written, once.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from reconciler.model.state import PassRecord

_FIRST_RETRY, _LONGEST_RETRY = 1.0, 30.0
_MOST_PASSES = 100
"""How many passes are kept for later: history is worth less than memory."""


class LostWrites:
    """Used on the engine's loop."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._passes: deque[PassRecord] = deque(maxlen=_MOST_PASSES)
        self._others: dict[Callable[[], None], None] = {}
        self._delay = _FIRST_RETRY
        self._is_retrying = False
        self._under_way = 0
        self._file: Path | None = None

    @property
    def nothing(self) -> bool:
        """Whether all is on disk."""
        return not self._anything and not self._is_retrying and not self._under_way

    @property
    def _anything(self) -> bool:
        return bool(self._ids or self._passes or self._others)

    def begun(self) -> None:
        """A write is under way."""
        self._under_way += 1

    def ended(self) -> None:
        """A write has ended, well or badly."""
        self._under_way -= 1

    def add(self, ids: Iterable[str], passes: Collection[PassRecord], other: Callable[[], None] | None = None) -> None:
        """These could not be written; `other` writes something else, as it is by then."""
        self._ids.update(ids)
        self._passes.extend(passes)
        if other is not None:
            self._others[other] = None

    def is_new_file(self, set_aside: Path | None) -> bool:
        """Whether the file was set aside since the last call: then nothing that was written is there any more."""
        before, self._file = self._file, set_aside
        return set_aside is not None and set_aside != before

    def retry_in(self) -> float | None:
        """Return in how many seconds to write again, or None when there is nothing to write or that is arranged."""
        if not self._anything:
            if self.nothing:
                self._delay = _FIRST_RETRY
            return None
        if self._is_retrying:
            return None
        self._is_retrying = True
        delay, self._delay = self._delay, min(2 * self._delay, _LONGEST_RETRY)
        return delay

    def take(self) -> tuple[list[str], list[PassRecord], list[Callable[[], None]]]:
        """Return what is to be written again, and forget it: what fails once more is added again."""
        ids, passes, others = sorted(self._ids), list(self._passes), list(self._others)
        self._ids, self._is_retrying = set(), False
        self._passes.clear()
        self._others.clear()
        return ids, passes, others
