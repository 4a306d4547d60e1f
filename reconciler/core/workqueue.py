"""The work queue: which keys may be worked on now, so that no key runs twice at once and barriers hold.

A key is an integration's id (exclusive over its configurations) or a configuration's id (beside its siblings, up
to a limit). Within an integration keys go first in, first out, around the barriers. A key that is added while it is
worked on is worked on again afterwards: a change that arrives during the work is never lost.
"""

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Container, Iterable, Sequence

SIDE_BY_SIDE = 1024
"""How many configurations of one integration are worked on at a time; most of that is waiting for its code."""


class WorkQueue:
    """A single-threaded structure without clock or I/O: the caller says what time it is."""

    def __init__(self, side_by_side: int = SIDE_BY_SIDE) -> None:
        self._limit = side_by_side
        self._waiting: dict[str, OrderedDict[str, None]] = {}
        self._running: dict[str, set[str]] = {}
        self._again: set[str] = set()
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._count = itertools.count()
        self._open: OrderedDict[str, None] = OrderedDict()

    def add(self, key: str) -> None:
        """Ask for work on `key` now; asking twice is asking once. A later appointment is forgotten."""
        self.add_all((key,))

    def add_all(self, keys: Iterable[str]) -> None:
        """Ask for work on many keys now, as `add` does for each."""
        for integration, group in _by_integration(list(keys)):
            some = dict.fromkeys(group)
            for key in self._due.keys() & some:
                del self._due[key]
            for key in self._running.get(integration, set()) & some.keys():
                self._again.add(key)
                del some[key]
            if some:
                self._waiting.setdefault(integration, OrderedDict()).update(some)
                self._open.setdefault(integration)

    def add_at(self, key: str, due: float) -> None:
        """Ask for work on `key` at `due`; of two appointments the earlier holds."""
        if key in self._waiting.get(_integration(key), ()):
            return
        held = self._due.get(key)
        if held is None or due < held:
            self._due[key] = due
            heapq.heappush(self._heap, (due, next(self._count), key))

    def forget(self, key: str) -> None:
        """Drop the appointment of `key`."""
        self._due.pop(key, None)

    def next_due(self) -> float | None:
        """Return when the next appointment is, or None."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> list[str]:
        """Return every key that may be worked on now; the caller calls `done` for each."""
        while (due := self.next_due()) is not None and due <= now:
            self.add(heapq.heappop(self._heap)[2])
        taken: list[str] = []
        for integration in list(self._open):
            taken.extend(self._take_from(integration))
        return taken

    def done(self, key: str) -> None:
        """The work on `key` has ended, well or badly."""
        self.done_all((key,))

    def done_all(self, keys: Sequence[str]) -> None:
        """The work on many keys has ended, which are of one integration."""
        integration = _integration(keys[0])
        running = self._running[integration]
        running.difference_update(keys)
        if not running:
            del self._running[integration]
        again = [key for key in keys if key in self._again] if self._again else []
        for key in again:
            self._again.discard(key)
            self.add(key)
        if integration in self._waiting:
            self._open.setdefault(integration)

    def is_pending(self, key: str) -> bool:
        """Whether `key` is waiting, running or to be run again (appointments aside)."""
        integration = _integration(key)
        return key in self._waiting.get(integration, ()) or key in self._running.get(integration, ())

    def running(self, keys: Container[str]) -> set[str]:
        """Return those of `keys` that are worked on now."""
        return {key for some in self._running.values() for key in some if key in keys}

    def has_work_for(self, integration: str) -> bool:
        """Whether a key of this integration is waiting or running (appointments aside)."""
        return integration in self._waiting or integration in self._running

    @property
    def busy(self) -> list[str]:
        """The integrations of which a key waits or runs (appointments aside)."""
        return sorted({*self._waiting, *self._running})

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs (appointments aside)."""
        return not self._waiting and not self._running

    def _take_from(self, integration: str) -> list[str]:
        waiting, running = self._waiting[integration], self._running.get(integration, set())
        taken: list[str] = []
        for key in list(itertools.islice(waiting, self._limit + 1)):
            is_barrier = key == integration
            if integration in running or (is_barrier and running) or len(running) >= self._limit:
                break
            del waiting[key]
            running.add(key)
            taken.append(key)
        if running:
            self._running[integration] = running
        if not waiting:
            del self._waiting[integration]
        # What is left waits for something that runs: `done` opens the integration again.
        self._open.pop(integration, None)
        return taken


def _by_integration(keys: Sequence[str]) -> Iterable[tuple[str, Iterable[str]]]:
    """Return runs of keys of one integration: a start asks for work on thousands of the same."""
    names = {key.partition("/")[0] for key in keys}
    return [(names.pop(), keys)] if len(names) == 1 else itertools.groupby(keys, _integration)


def _integration(key: str) -> str:
    return key.partition("/")[0]
