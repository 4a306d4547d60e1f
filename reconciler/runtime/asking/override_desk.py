"""Where people set things aside: writes it down, lets it be in force, tells who did it, and has the loop look again.

What an override makes of a configuration is `core.override`'s; the controller and the dispatcher act by it.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.in_force.selector import taken, without
from reconciler.model.errors import OverrideRefused, StateError, UnknownTarget
from reconciler.model.override import (
    Intervention,
    InterventionKind,
    Override,
    OverrideKind,
    OverrideRequest,
    Selector,
)
from reconciler.model.ports import Clock
from reconciler.runtime.asking import errand_kinds
from reconciler.runtime.asking.errands import Errands
from reconciler.runtime.asking.override_refusals import check_known, check_size, check_text, nothing_at_all, why_nothing
from reconciler.runtime.asking.overrides import Overrides
from reconciler.runtime.first_of import first_of
from reconciler.runtime.loop.world import World
from reconciler.runtime.state import override_rows as rows
from reconciler.runtime.state.state_store import StateStore

MOST = 100
"""How many overrides may be in force: every look at a configuration asks each of them."""
_CHUNK = 1000


class Look(Protocol):
    """`Inbox.put`."""

    def __call__(self, trigger: str, *, folders: Collection[str] | None = (), ids: Collection[str] = ()) -> None:
        """Ask for a look at some folders (None: at all), and at some configurations."""


class Surroundings(Struct, frozen=True):
    """What the desk works with: `look` asks the loop to look, `watch` follows a write, `submit` runs on the loop.

    `flush` writes what has started lately: under a suspension, a restart runs what is written there. `writing` says
    whether this process is the runner; a worker only follows what the runner has written, and passes on by `errands`
    what it is asked itself.
    """

    clock: Clock
    world: World
    store: StateStore
    look: Look
    tell: Callable[[Intervention], None]
    watch: "Callable[[Future[Any]], None]"
    flush: Callable[[], None]
    errands: Errands
    configs: Callable[[], Collection[str]]
    integrations: Callable[[], Sequence[str]]
    submit: "Callable[[Coroutine[Any, Any, Any]], Future[Any]]"
    writing: Callable[[], bool] = lambda: True


class OverrideDesk:
    """`load` and `run` are the engine's; `impose`, `lift`, `listed` and `history` may be called from any thread."""

    def __init__(self, overrides: Overrides, around: Surroundings) -> None:
        self._overrides = overrides
        self._around = around
        self._changing = asyncio.Lock()
        self._changed = asyncio.Event()

    # --- what people ask ----------------------------------------------------------------------------------------

    def impose(self, asked: OverrideRequest, who: str) -> tuple[Override, int]:
        """Set something aside; returns the override, and how many configurations it concerns now.

        It is on disk and in force when this returns, in a worker too; the same selector again replaces what it gave
        before, but for a reason that is not given anew. Raises UnknownTarget for an id or an integration that is not
        known, OverrideRefused when there are too many or no runner takes it up, StateError when it cannot be written.
        """
        override: Override = self._around.submit(self._impose(asked, who)).result(30)
        return override, self._concerned()[override.number]

    def lift(self, selector: Selector, who: str, reason: str = "") -> Sequence[Override]:
        """End every override that means no more than `selector`, and take its ids out of those that list them.

        Returns what has ended, of listed ids those alone that have. Raises UnknownTarget when that is nothing, and
        says what else is in force.
        """
        ended: Sequence[Override] = self._around.submit(self._lift(selector, who, reason)).result(30)
        return ended

    def listed(self) -> Sequence[tuple[Override, int]]:
        """Return what is in force, oldest first, and how many configurations each concerns now."""
        concerned = self._concerned() if self._overrides.in_force else {}
        return tuple((one, concerned.get(one.number, 0)) for one in self._overrides.in_force)

    def counts(self) -> tuple[int, int]:
        """Return how many configurations are suspended, and how many are paused."""
        if not self._overrides.in_force:
            return 0, 0
        kinds = [{o.kind for o in record.imposed.overrides} for record in list(self._around.world.configs.values())]
        suspended, paused = (sum(1 for found in kinds if kind in found) for kind in OverrideKind)
        return suspended, paused

    def history(self, limit: int) -> "Future[list[Intervention]]":
        """Return what people did last, newest first."""
        return self._around.store.submit(lambda db: rows.interventions(db, limit))

    def note(self, kind: InterventionKind, target: str, who: str, detail: str = "") -> None:
        """Write down what somebody did elsewhere; on the engine's loop."""
        done = Intervention(kind, target, who, self._around.clock.time(), detail=detail)
        if self._around.writing():
            self._around.watch(self._around.store.submit(lambda db: rows.note(db, done)))
        self._around.tell(done)

    def write_again(self) -> "Future[None]":
        """Write what is in force into a database that was rebuilt; whoever waits for it hears what failed."""
        overrides = self._overrides.in_force

        def job(db: sqlite3.Connection) -> None:
            for override in overrides:
                rows.save(db, override)

        return self._around.store.submit(job)

    # --- the engine's side --------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Let what was in force before this start be so again; what ran out meanwhile ends now."""
        for override in await asyncio.wrap_future(self._around.store.submit(rows.load)):
            self._overrides.put(override)
        for override in self._overrides.over() if self._around.writing() else ():
            await self._run_out(override)

    async def follow(self) -> None:
        """In a worker: let be in force what the runner has written, and nothing else."""
        found = {one.number: one for one in await asyncio.wrap_future(self._around.store.submit(rows.load))}
        before = {one.number: one for one in self._overrides.in_force}
        if found == before:
            return
        for number in before.keys() - found.keys():
            self._overrides.drop(number)
        for number, one in found.items():
            if one != before.get(number):
                self._overrides.put(one)
        await self._apply("runner", folders=None)

    async def run(self) -> None:
        """End each override at its time, until cancelled."""
        while True:
            self._changed.clear()
            for override in self._overrides.over():
                await self._run_out(override)
            left = self._overrides.next_end()
            if left is None:
                await self._changed.wait()
            else:
                await first_of(self._changed.wait(), self._around.clock.sleep(max(0.0, left)))

    async def _run_out(self, override: Override) -> None:
        at = min(self._around.clock.time(), override.until or 0.0)
        detail = f"{override.word} by {override.who}"
        done = Intervention(InterventionKind.RAN_OUT, str(override.selector), "", at, override.reason, detail=detail)
        async with self._changing:
            if override not in self._overrides.in_force:  # it was resumed, or prolonged, meanwhile
                return
            self._overrides.drop(override.number)
            # It ends also where that cannot be written: after a restart, its time has passed.
            self._around.watch(self._around.store.submit(_writing([], [override.number], done)))
            await self._spread(done)

    async def _impose(self, asked: OverrideRequest, who: str) -> Override:
        if self._around.writing():
            return await self.impose_here(asked, who)
        check_size(asked)
        override = await errand_kinds.impose(self._around.errands, asked, who)
        await self._catch_up()
        return override

    async def impose_here(self, asked: OverrideRequest, who: str) -> Override:
        """Set something aside in this process, the runner; on the engine's loop."""
        check_size(asked)
        self._check(asked.selector)
        async with self._changing:
            override = self._made(asked, who)
            kind, target = InterventionKind(override.kind.value), str(override.selector)
            detail = "deliveries are dropped" if override.drop else ""
            done = Intervention(kind, target, who, override.since, override.reason, override.until, detail)
            self._around.flush()
            await self._write(_writing([override], [], done))
            self._overrides.put(override)
            await self._spread(done)
        return override

    def _made(self, asked: OverrideRequest, who: str) -> Override:
        old = self._overrides.same(asked.kind, asked.selector)
        if old is None and len(self._overrides.in_force) >= MOST:
            raise OverrideRefused(f"{MOST} overrides are in force, and no more may be: resume some of them first")
        last = max((one.number for one in self._overrides.in_force), default=0)
        now = self._around.clock.time()
        return Override(
            number=old.number if old is not None else last + 1,
            kind=asked.kind,
            selector=asked.selector,
            who=who,
            reason=asked.reason or (old.reason if old is not None else ""),
            since=now,
            until=now + asked.seconds if asked.seconds is not None else None,
            drop=asked.drop,
        )

    async def _lift(self, selector: Selector, who: str, reason: str) -> Sequence[Override]:
        if self._around.writing():
            return await self.lift_here(selector, who, reason)
        ended = await errand_kinds.lift(self._around.errands, selector, who, reason)
        await self._catch_up()
        return ended

    async def _catch_up(self) -> None:
        """What a worker has passed on is in force here too before it is told; an heir has done it by itself."""
        if not self._around.writing():
            await self.follow()

    async def lift_here(self, selector: Selector, who: str, reason: str) -> Sequence[Override]:
        """End what is set aside, in this process, the runner; on the engine's loop."""
        check_text(reason)
        async with self._changing:
            left = [(one, without(one.selector, selector)) for one in self._overrides.in_force]
            ended = [replace(one, selector=taken(one.selector, rest)) for one, rest in left if rest != one.selector]
            if not ended:
                raise self._nothing(selector)
            smaller = [replace(one, selector=rest) for one, rest in left if rest is not None and rest != one.selector]
            gone = [one.number for one, rest in left if rest is None]
            detail = "; ".join(f"{one.selector} was {one.word} by {one.who}" for one in ended)
            now = self._around.clock.time()
            done = Intervention(InterventionKind.RESUME, str(selector), who, now, reason, detail=detail)
            await self._write(_writing(smaller, gone, done))
            for number in gone:
                self._overrides.drop(number)
            for one in smaller:
                self._overrides.put(one)
            await self._spread(done)
        return ended

    async def _spread(self, done: Intervention) -> None:
        """Let every configuration know at once, so that a pause holds from now on, and have the loop look."""
        self._around.tell(done)
        # Where one ends, at all files: a secret may have a new value since.
        ended = done.kind in (InterventionKind.RESUME, InterventionKind.RAN_OUT)
        await self._apply(done.kind.value, folders=None if ended else ())

    async def _apply(self, trigger: str, *, folders: Collection[str] | None) -> None:
        self._changed.set()
        concerned = []
        for index, record in enumerate(list(self._around.world.configs.values())):
            if index % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(0)
            now = self._overrides.imposed(record.effective, record.accepted)
            if now != record.imposed:
                record.imposed = now
                self._around.world.touched.add(record.id)
                concerned.append(record.id)
        self._around.look(trigger, folders=folders, ids=concerned)

    # --- what is refused ----------------------------------------------------------------------------------------

    def _check(self, selector: Selector) -> None:
        check_known(selector, self._around.integrations(), self._around.configs() if selector.ids else ())

    def _nothing(self, selector: Selector) -> UnknownTarget:
        configs = self._around.world.configs
        imposed = {one: configs[one].imposed.overrides for one in selector.ids if one in configs}
        told = why_nothing(selector, self._overrides.in_force, imposed)
        if told is None:
            self._check(selector)  # what is not known at all is said with what is nearest
        return UnknownTarget(told or nothing_at_all(selector, self._overrides.in_force))

    def _concerned(self) -> Counter[int]:
        """Return how many configurations each override concerns, by its number."""
        records = list(self._around.world.configs.values())
        return Counter(one.number for record in records for one in record.imposed.overrides)

    async def _write(self, job: Callable[[sqlite3.Connection], None]) -> None:
        try:
            await asyncio.wrap_future(self._around.store.submit(job))
        except sqlite3.Error as error:
            raise StateError(f"nothing has changed, since it could not be written down: {error}") from error


def _writing(put: Sequence[Override], gone: Sequence[int], done: Intervention) -> Callable[[sqlite3.Connection], None]:
    def job(db: sqlite3.Connection) -> None:
        for override in put:
            rows.save(db, override)
        for number in gone:
            rows.delete(db, number)
        rows.note(db, done)

    return job
