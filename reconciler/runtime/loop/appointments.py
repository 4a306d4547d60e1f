"""When the loop looks again although nobody asked: the next sweep, and what was not settled yet.

Used by the controller, on the engine's loop; it says when, and puts what is due into the inbox.
"""

from collections.abc import Collection

from reconciler.config.tree.directory import RootState, Scan
from reconciler.model.ports import Clock
from reconciler.runtime.first_of import first_of
from reconciler.runtime.loop.absence import Absences
from reconciler.runtime.loop.goods import Goods
from reconciler.runtime.loop.inbox import Inbox, Look
from reconciler.runtime.loop.newcomers import Newcomers

SWEEP = 30.0
"""The least time between two sweeps, in seconds."""
ROOT_SWEEP = 2.0
"""How often a root that is lost is looked for, in seconds: its return may be nothing that can be watched."""
SWEEP_FACTOR = 200.0
"""A sweep waits at least this many times as long as a sweep takes, so that large directories cost little."""
LONGEST_SWEEP = 600.0
"""The most time between two sweeps, in seconds: one that hung, on a disk or a network, says little of the next."""
_MUCH = 0.05
"""The share of files from which on what a look takes says how long reading takes, and not how long a sweep does."""
_AGAIN_AFTER_FAILURE = 1.0
_MOST_FOLDERS = 1000
"""Above so many missing ids, the whole directory is listed instead of their folders."""


class Appointments:
    """What is due by the monotonic clock: sweeps, files that settle, absences, new ids that wait."""

    def __init__(self, clock: Clock, inbox: Inbox, absences: Absences, newcomers: Newcomers, goods: Goods) -> None:
        self._clock = clock
        self._inbox = inbox
        self._absences = absences
        self._newcomers = newcomers
        self._goods = goods
        self._sweep_at = self._sweep_takes = 0.0
        self.recheck_at: float | None = None
        """When to look again at what was still being written, or None."""
        self._recheck_folders: Collection[str] | None = ()

    @property
    def only_sweeps(self) -> bool:
        """Whether nothing but the next sweep is waited for."""
        return self._absences.recheck_at is None and self.recheck_at is None and self._newcomers.due_at is None

    async def wait(self) -> None:
        """Return when there is something in the inbox; what is due by the clock is put there."""
        absences = self._absences
        appointments = (self._sweep_at, self.recheck_at, absences.recheck_at, self._newcomers.due_at)
        delay = min(at for at in appointments if at is not None) - self._clock.monotonic()
        if delay > 0 and not self._inbox:
            await first_of(self._inbox.wait(), self._clock.sleep(delay))
        now = self._clock.monotonic()
        if now >= self._sweep_at and not self._inbox.wants_all:  # with a hint, too: hints may never end
            self._inbox.put("sweep", folders=None)
        if absences.recheck_at is not None and now >= absences.recheck_at:
            self._inbox.put("recheck", folders=self._folders_of(absences.vanishing))
        if self._newcomers.due_at is not None and now >= self._newcomers.due_at:
            self._inbox.put("recheck")
        if self.recheck_at is not None and now >= self.recheck_at:
            self._inbox.put("recheck", folders=self._recheck_folders)

    def scanned(self, scan: Scan, folders: Collection[str] | None) -> None:
        """A scan of `folders` has ended: what it found being written is looked at again."""
        self.recheck_at = None
        self._absences.unsettled = scan.recheck_in is not None
        if scan.recheck_in is not None:
            self.recheck_at = self._clock.monotonic() + scan.recheck_in
            self._recheck_folders = folders

    def looked(self, look: Look, scan: Scan, began: float, *, is_first: bool = False, beside: float = 0.0) -> None:
        """A look that began at `began` has ended: arrange the next sweep. A first look takes longer than any sweep.

        `beside` is how long that takes which a sweep begins, and does not wait for.
        """
        now = self._clock.monotonic()
        if scan.root is not RootState.OK:
            self._sweep_at = now + ROOT_SWEEP if look.folders is None else min(self._sweep_at, now + ROOT_SWEEP)
        elif look.folders is None:
            if not is_first and scan.read <= _MUCH * scan.files:
                self._sweep_takes = now - began + beside
            self._sweep_at = now + min(max(SWEEP, SWEEP_FACTOR * self._sweep_takes), LONGEST_SWEEP)

    def failed(self) -> None:
        """A pass failed in the engine itself: look at everything again, soon."""
        self._sweep_at = self._clock.monotonic() + _AGAIN_AFTER_FAILURE

    def _folders_of(self, ids: Collection[str]) -> frozenset[str] | None:
        """Return the folders in which `ids` were last seen, or None for all of them."""
        files = [self._goods.file_of(key) for key in ids] if len(ids) <= _MOST_FOLDERS else [None]
        return None if None in files else frozenset(str(file).rpartition("/")[0] for file in files)
