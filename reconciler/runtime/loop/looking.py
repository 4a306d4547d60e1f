"""What a pass sees before it judges: the root and its files, which ids are missing, and what was good before a start.

Used by the controller, on the engine's loop; it plans nothing.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable

from reconciler.config.tree.directory import RootState, Scan
from reconciler.runtime.listener import ALARM
from reconciler.runtime.loop.absence import TWO_LOOKS
from reconciler.runtime.loop.appointments import Appointments
from reconciler.runtime.loop.in_force import InForce
from reconciler.runtime.loop.inbox import Inbox
from reconciler.runtime.loop.newcomers import Newcomers
from reconciler.runtime.loop.parts import Parts

log = logging.getLogger(__name__)


class Looking:
    """`inbox` keeps what is found until it is taken in; `appointments` hear of each scan."""

    def __init__(
        self, parts: Parts, inbox: Inbox, appointments: Appointments, in_force: InForce, newcomers: Newcomers
    ) -> None:
        self._p = parts
        self._clock = parts.services.clock
        self._inbox = inbox
        self._appointments = appointments
        self._in_force = in_force
        self._newcomers = newcomers

    async def load(self) -> dict[str, Collection[str]]:
        """Read what was good before this start; returns the ids that each file held."""
        known, root = await self._p.goods.load(), self._p.goods.root
        if root is not None:
            self._p.directory.recall(root)
        return known

    async def scan(self, folders: Collection[str] | None, known: dict[str, Collection[str]]) -> Scan:
        """Look at the files of `folders`, or of all; `known` is what each held in an earlier life."""
        job = self._p.scanner.run(lambda: self._p.directory.scan(folders, known=known))
        scan: Scan = await asyncio.wrap_future(job)
        self._appointments.scanned(scan, folders)
        return scan

    def see_root(self, scan: Scan) -> None:
        """Take in whether the root is lost, or there again: then everything is to be judged anew."""
        lost = "" if scan.root is RootState.OK else f"the root {self._p.directory.root} is {scan.root.value}"
        if lost == self._p.absences.root_lost:
            return
        self._p.absences.lose_root(lost, self._clock.monotonic())
        self._inbox.put("root", ids=list(self._p.world.configs))
        if lost:
            self._p.world.alarms["root"] = f"{lost}: what runs keeps running, nothing is removed"
            log.error("%s", self._p.world.alarms["root"], extra=ALARM)
        else:
            self._p.world.alarms.pop("root", None)

    def observe(self, ids: Iterable[str]) -> set[str]:
        """Take in which of `ids` are there; returns those, and others, for which something may be different now."""
        observed = self._p.absences.observe(ids, self._p.directory.snapshot.desired, self._clock.monotonic())
        return self._inbox.keep(observed)

    async def recall(self, ids: set[str]) -> set[str]:
        """Recall what was good before this start; what its files no longer hold gets its second look at once.

        Also after a take-over: what a worker knows is written down then.
        """
        ids = {*ids, *self._p.world.configs}
        ids |= await self._in_force.recall([owner for owner in self._p.services.effects.owners() if "/" in owner])
        ids = self.observe(ids)
        if self._p.absences.vanishing:
            await self._clock.sleep(TWO_LOOKS)
            scan = await self.scan(None, {})
            ids |= self.observe({*scan.changed, *scan.moved})
        return ids

    def admitted(self, ids: set[str]) -> set[str]:
        """Return `ids` less the new ones that wait until it is clear what became of those that are missing."""
        if not self._p.absences.vanishing and not self._newcomers.are_waiting:
            return ids
        snapshot = self._p.directory.snapshot
        new = {key: snapshot.get(key).file for key in ids if key not in self._p.world.configs}
        missed = {key: self._p.goods.file_of(key) for key in self._p.absences.vanishing}
        return ids - new.keys() | self._newcomers.admit(new, missed, self._clock.monotonic())
