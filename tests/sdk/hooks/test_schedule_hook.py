import asyncio
import threading

import pytest

from reconciler.model.errors import HookError, TerminalError, UndeclaredHook
from reconciler.model.ports import StopReason, Where
from reconciler.sdk import ScheduleHook

HOUR = 3600.0


@pytest.fixture
def tick(host, until):
    """Return a function that lets seconds pass, in steps of at most a minute, waiting for the hook at each."""

    def run(seconds, step=60.0):
        while seconds > 0:
            until(lambda: host.clock.sleepers)
            host.clock.advance(min(step, seconds))
            seconds -= step

    return run


def test_run_is_called_at_its_time(owner, host, start, tick, until):
    calls = []
    host.clock.wall = 10 * HOUR - 90
    start(ScheduleHook(owner, "digest", "0 * * * *", lambda: calls.append(host.clock.time())))
    tick(180, step=30)
    until(lambda: calls)
    assert calls == [10 * HOUR]


def test_async_run_is_awaited_and_time_zone_counts(owner, host, start, tick, until):
    calls = []

    async def run():
        await asyncio.sleep(0)
        calls.append(host.clock.time())

    host.clock.wall = 7 * HOUR - 60  # 08:00 in Berlin, in the winter of 1970
    start(ScheduleHook(owner, "digest", "0 8 * * *", run, timezone="Europe/Berlin"))
    tick(120)
    until(lambda: calls)
    assert calls == [7 * HOUR]


def test_failure_is_reported_and_the_schedule_goes_on(owner, host, start, tick, until):
    def fail():
        raise ValueError("no")

    host.clock.wall = HOUR
    start(ScheduleHook(owner, "digest", "* * * * *", fail))
    tick(60)
    until(lambda: len(host.reports) == 1)
    tick(60)
    until(lambda: len(host.reports) == 2)


def test_clock_set_a_day_ahead_fires_once(owner, host, start, tick, until):
    calls = []
    host.clock.wall = HOUR + 1800
    start(ScheduleHook(owner, "digest", "0 * * * *", lambda: calls.append(1)))
    until(lambda: host.clock.sleepers)
    host.clock.wall += 86400
    tick(120)
    until(lambda: host.clock.sleepers)
    assert calls == [1]


def test_what_came_due_during_a_run_is_made_up_for_once(owner, host, start, tick, until):
    entered, release, runs = threading.Event(), threading.Event(), []

    def run():
        runs.append(1)
        entered.set()
        release.wait(20)

    host.clock.wall = HOUR
    start(ScheduleHook(owner, "digest", "* * * * *", run))
    tick(60)
    entered.wait(20)
    host.clock.advance(600)
    release.set()
    tick(1)
    until(lambda: len(runs) == 2)
    tick(30)
    until(lambda: host.clock.sleepers)
    assert len(runs) == 2


def test_stop_awaits_a_run_under_way(owner, host, tick, until):
    entered, release, ended = threading.Event(), threading.Event(), []

    def run():
        entered.set()
        release.wait(20)
        ended.append(True)

    hook = ScheduleHook(owner, "digest", "* * * * *", run)
    host.clock.wall = HOUR
    hook.start(host)
    tick(60)
    entered.wait(20)
    stopping = threading.Thread(target=hook.stop, args=(StopReason.REMOVED,))
    stopping.start()
    release.set()
    stopping.join(20)
    assert ended == [True]


def test_run_that_does_not_return_is_cancelled(owner, host, tick, until):
    entered, cancelled = threading.Event(), threading.Event()

    async def run():
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    hook = ScheduleHook(owner, "digest", "* * * * *", run)
    hook._calls.patience = 0.01
    host.clock.wall = HOUR
    hook.start(host)
    tick(60)
    entered.wait(20)
    with pytest.raises(HookError, match="did not return"):
        hook.stop(StopReason.REMOVED)
    assert cancelled.wait(20)


def test_stopped_schedule_is_silent(owner, host, until):
    calls = []
    hook = ScheduleHook(owner, "digest", "* * * * *", lambda: calls.append(1))
    hook.start(host)
    until(lambda: host.clock.sleepers)
    hook.stop(StopReason.REMOVED)
    until(lambda: not host.clock.sleepers)
    assert calls == []


def test_undeclared_name_is_refused_at_construction(owner):
    with pytest.raises(UndeclaredHook, match=r"slack/builds: the schedule 'diegst' .*declared: digest"):
        ScheduleHook(owner, "diegst", "* * * * *", print)
    assert owner.hook_set.hooks == ()


def test_bad_cron_is_terminal_at_construction(owner):
    with pytest.raises(TerminalError, match="five fields"):
        ScheduleHook(owner, "digest", "sometimes", print)


def test_it_is_exclusive_to_its_owner_in_the_runner(owner):
    hook = ScheduleHook(owner, "digest", "0 8 * * mon-fri", print)
    assert hook.exclusive == "schedule:slack/builds:digest"
    assert hook.where is Where.RUNNER
    assert hook.describe() == "ScheduleHook digest (0 8 * * mon-fri, UTC)"
