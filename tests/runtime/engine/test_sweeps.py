"""When the loop looks at everything although nobody asked: neither hints nor a long first look keep a sweep away."""

import asyncio

import pytest

from reconciler.config.tree.directory import RootState, Scan
from reconciler.core.plan.guard import PruneLimit
from reconciler.runtime.asking.overrides import Overrides
from reconciler.runtime.loop.absence import Absences
from reconciler.runtime.loop.appointments import LONGEST_SWEEP, SWEEP, SWEEP_FACTOR, Appointments
from reconciler.runtime.loop.inbox import Inbox, Look
from reconciler.runtime.loop.newcomers import Newcomers
from reconciler.runtime.loop.world import World
from reconciler.testing import VirtualClock

ALL = Look(None, frozenset(), "start")
SOME = Look(frozenset({"a"}), frozenset(), "watch")


class Times:
    """The appointments of a loop that has just looked at everything, and what they go by."""

    def __init__(self):
        self.clock, self.inbox = VirtualClock(), Inbox()
        absences = Absences(World(None), PruneLimit(), Overrides(self.clock))
        self.appointments = Appointments(self.clock, self.inbox, absences, Newcomers(), None)
        self.appointments.looked(ALL, Scan(), 0.0)

    async def next(self):
        await self.appointments.wait()
        return self.inbox.take()

    async def until_next(self):
        """Return in how many seconds the next sweep is."""
        waits = asyncio.ensure_future(self.appointments.wait())
        while (due := self.clock.next_due) is None:
            await asyncio.sleep(0)
        waits.cancel()
        return due - self.clock.monotonic()


async def after_a_look(seconds, scan, is_first=False):
    """Return in how many seconds the next sweep is after a look at everything that took so long."""
    times = Times()
    times.clock.advance(seconds)
    times.appointments.looked(ALL, scan, 0.0, is_first=is_first)
    return await times.until_next()


@pytest.mark.parametrize("root", [RootState.OK, RootState.MISSING])
def test_hint_during_every_look_keeps_no_sweep_away(root):
    async def hints():
        times, looks = Times(), []
        while times.clock.monotonic() < 2 * SWEEP:
            times.inbox.put("watch", folders={"a"})
            looks.append(look := await times.next())
            times.appointments.looked(look, Scan(root=root), times.clock.monotonic())
            times.clock.advance(0.25)
        return looks

    sweeps = [look for look in asyncio.run(hints()) if look.folders is None]
    assert {look.trigger for look in sweeps} == {"watch+sweep"}
    assert len(sweeps) == (1 if root is RootState.OK else 29)


def test_look_at_everything_that_is_asked_for_is_no_sweep_beside():
    async def asked():
        times = Times()
        times.clock.advance(SWEEP)
        times.inbox.put("signal", folders=None)
        return await times.next()

    assert asyncio.run(asked()).trigger == "signal"


@pytest.mark.parametrize(
    ("scan", "is_first", "delay"),
    [
        pytest.param(Scan(files=8000, read=8000), True, SWEEP, id="a first look reads everything"),
        pytest.param(Scan(files=8000), True, SWEEP, id="a first look recalls everything"),
        pytest.param(Scan(files=8000, read=401), False, SWEEP, id="much has changed"),
        pytest.param(Scan(files=8000, read=400), False, SWEEP_FACTOR * 2, id="little has changed"),
        pytest.param(Scan(files=8000), False, SWEEP_FACTOR * 2, id="nothing has changed"),
    ],
)
def test_next_sweep_comes_by_what_a_sweep_takes_and_not_by_what_there_was_to_read(scan, is_first, delay):
    assert asyncio.run(after_a_look(2, scan, is_first)) == delay


def test_what_a_sweep_begins_beside_it_counts_for_the_next_one():
    async def after_a_look():
        times = Times()
        times.appointments.looked(ALL, Scan(files=8000), 0.0, beside=2)
        return await times.until_next()

    assert asyncio.run(after_a_look()) == SWEEP_FACTOR * 2


def test_sweep_that_hung_puts_the_next_one_no_further_away_than_the_longest_time():
    assert asyncio.run(after_a_look(60, Scan(files=8000))) == LONGEST_SWEEP < SWEEP_FACTOR * 60


def test_sweep_that_finds_much_leaves_the_next_one_as_far_away_as_it_was():
    async def after_much_has_changed():
        times = Times()
        times.clock.advance(1)
        times.appointments.looked(ALL, Scan(files=8000), 0.0)
        times.clock.advance(60)
        times.appointments.looked(ALL, Scan(files=8000, read=8000), 1.0)
        return await times.until_next()

    assert asyncio.run(after_much_has_changed()) == SWEEP_FACTOR
