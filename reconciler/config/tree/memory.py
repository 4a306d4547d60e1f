"""What a directory keeps in mind between scans: files that are still being written, and what lost files held.

Both are plain bookkeeping over a monotonic clock, used by `directory` alone.
"""

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

SETTLE = 0.05
"""How long a file must be unchanged before it is read, in seconds of the monotonic clock."""
SURE_AFTER = 2.0
"""How long a file must have been unchanged when it was read, in seconds: the coarsest file systems count so."""
_LONGEST_SETTLING = 2.0
_REMEMBERED = 10.0
"""How long the ids of a file that is gone are remembered: an editor may write it anew, slowly and not at once right."""


class Ages(Struct, frozen=True):
    """How long a file must have been unchanged, in seconds."""

    settle: float = SETTLE
    """Before it is read; where its time stamp alone says so, twice that."""
    sure: float = SURE_AFTER
    """Before its time stamp is believed to tell of every later change."""


class _Change(Struct):
    """A file's signature after a change, when that was seen, and when the file was first seen to change."""

    signature: bytes
    since: float
    first: float


class Settling:
    """The files that changed and have not kept still for long enough to be read."""

    def __init__(self, now: Callable[[], float], settle: float = SETTLE) -> None:
        self._now = now
        self._settle = settle
        self._changes: dict[str, _Change] = {}

    def is_settled(self, file: str, signature: bytes) -> bool:
        """Whether a file has kept this signature for long enough, or has been changing for too long to wait."""
        now = self._now()
        change = self._changes.get(file)
        if change is None or change.signature != signature:
            change = _Change(signature, now, change.first if change is not None else now)
            self._changes[file] = change
        return now - change.since >= self._settle or now - change.first >= _LONGEST_SETTLING

    def done(self, file: str) -> None:
        """A file was read, or is gone."""
        self._changes.pop(file, None)

    def files(self) -> list[str]:
        """Return the files that are waited for."""
        return list(self._changes)

    def due_in(self) -> float | None:
        """Return in how many seconds the first of them may be read, or None."""
        if not self._changes:
            return None
        due = min(change.since for change in self._changes.values()) + self._settle
        return max(0.001, due - self._now())


class LostFiles:
    """The ids that files held which are not there now, or not there yet: an error in them must not remove those."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: dict[str, tuple[Collection[str], float]] = {}
        self._earlier: dict[str, Collection[str]] = {}
        """What an earlier life held, until everything has been looked at."""

    def learn(self, known: Mapping[str, Collection[str]]) -> None:
        """Take in what files held in an earlier life; kept until everything has been looked at."""
        self._earlier.update(known)

    def lost(self, file: str, ids: Collection[str]) -> None:
        """A file is gone that held `ids`."""
        if ids:
            self._held[file] = (ids, self._now() + _REMEMBERED)

    def recall(self, file: str) -> Collection[str]:
        """Return what a file held that is there again, and forget it."""
        earlier = self._earlier.pop(file, ())
        return self._held.pop(file, (earlier, 0.0))[0]

    def files(self) -> list[str]:
        """Return the files that are remembered."""
        return [*self._held, *self._earlier]

    def forget_old(self, *, seen_all: bool) -> None:
        """Let go what was lost long enough ago; what an earlier life held starts to age once all was looked at."""
        now = self._now()
        for file, (_, until) in list(self._held.items()):
            if until < now:
                del self._held[file]
        if seen_all:
            for file, ids in self._earlier.items():
                self._held.setdefault(file, (ids, now + _REMEMBERED))
            self._earlier.clear()
