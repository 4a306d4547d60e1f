"""The harness lets time pass: to what is due next where nothing else goes on, and for nobody's sake beyond that."""

import asyncio
import threading
import time
from itertools import pairwise

import pytest

from reconciler.sdk import Event, ScheduleHook
from reconciler.testing import VirtualClock

A_FILE = 0.2
"""More than a file that settles takes, or an absence that is looked at twice, in virtual seconds."""


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def test_change_of_a_file_takes_no_more_time_than_it_needs(harness, make, doc):
    h = harness(make())
    h.start()
    took = []
    for number in range(30):
        before = h.clock.monotonic()
        h.write("a.yaml", doc("a", settings={"channel": f"#c{number}"}))
        took.append(h.clock.monotonic() - before)
    assert max(took) < A_FILE
    before = h.clock.monotonic()
    h.delete("a.yaml")
    assert h.state("diary/a") is None and h.clock.monotonic() - before < A_FILE


def test_each_occurrence_of_a_schedule_comes_once_at_its_time(harness, make, doc):
    times = []

    def initialize(self):
        ScheduleHook(self, "hourly", "0 * * * *", lambda: times.append(h.clock.time() % 3600))

    h = harness(make(initialize=initialize, schedules=("hourly",)))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.advance(10 * 3600)
    assert len(times) == 10 and max(times) <= 10 * 3600 / 200  # the length of a step, where much is due


def test_backoff_goes_on_for_as_long_as_time_passes(harness, make, doc):
    times = []

    def initialize(self):
        times.append(h.clock.monotonic())
        raise OSError("no")

    h = harness(make(initialize=initialize))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.advance(3600)
    longest = 300 + 2 * 3600 / 200  # the longest delay, and the length of a step, where much is due
    assert all(later - earlier <= longest for earlier, later in pairwise([*times, h.clock.monotonic()]))


def test_start_takes_no_time_for_what_it_writes_down(harness, make, doc):
    """Else what waits with a backoff would be tried over and over meanwhile, and rarely afterwards."""
    gate, is_held = threading.Event(), threading.Event()

    def initialize(self):
        if is_held.is_set():
            h.manager.engine._scanner.run(gate.wait, 20)

    h = harness(make(initialize=initialize))
    h.write("a.yaml", doc("a"), settle=False)
    h.write("b.yaml", doc("b", settings={"token": {"secret": "file:missing"}}), settle=False)
    h.start()
    written = (h.directory / "b.yaml").stat().st_ctime
    h.wait_until(lambda: time.time() > written + 0.2)  # a file that was written just now is looked at again
    h.stop()
    before = h.clock.monotonic()
    is_held.set()
    threading.Timer(0.2, gate.set).start()
    h.start()
    assert h.clock.monotonic() - before < 1.0


def test_what_is_under_way_takes_no_time(harness, make, doc):
    """Else a retry that is due in a moment comes before what a test looks at, now and then."""
    gate = threading.Event()
    h = harness(make(deliver=lambda self, event, config: gate.wait(20)))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    before = h.clock.monotonic()
    threading.Timer(0.02, gate.set).start()
    h.deliver(Event(type="note", source="/test"))
    assert h.clock.monotonic() == before


def test_queue_that_cannot_be_used_is_waited_for_by_the_clock_alone(harness, make, doc):
    h = harness(make())
    h.start()
    h.manager.engine._queue.submit(lambda db: db.execute("DROP TABLE claimed")).result(20)
    h.manager.publish(Event(type="note", source="/test")).result(20)
    h.wait_until(lambda: "claim" in h.manager.engine._dispatcher._failing)
    h.wait_until(lambda: not h.manager.engine.under_way)


def test_stop_that_waits_for_nobody_takes_no_time(harness, make, doc):
    h = harness(make())
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    before = h.clock.monotonic()
    assert h.stop()
    assert h.clock.monotonic() == before


def test_whoever_is_woken_has_begun_before_more_time_passes(loop):
    clock, woken = VirtualClock(), []

    async def sleeps():
        for _ in range(50):
            await asyncio.wait_for(clock.sleep(1), None)
            woken.append(clock.monotonic())

    sleeping = asyncio.run_coroutine_threadsafe(sleeps(), loop)
    for number in range(50):
        while clock.next_due is None and not sleeping.done():
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(5)
        clock.advance_to(clock.next_due)
        assert clock.let_wake(5) and woken == [float(n + 1) for n in range(number + 1)]


def test_loop_that_does_not_turn_is_waited_for_once(loop):
    clock, gate = VirtualClock(), threading.Event()
    sleeping = asyncio.run_coroutine_threadsafe(clock.sleep(1), loop)
    while clock.next_due is None:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(5)
    loop.call_soon_threadsafe(gate.wait)
    clock.advance(2)
    assert not clock.let_wake(0.01)
    assert not clock.let_wake(60)
    gate.set()
    sleeping.result(5)
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), loop).result(5)
    assert clock.let_wake(0)
