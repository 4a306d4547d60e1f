"""A lane: nothing that runs in it can stop it, or its caller."""

import asyncio
import threading
import time

import pytest

from reconciler.model.errors import DeadlineExceeded, TransientError
from reconciler.runtime.clock import SystemClock
from reconciler.runtime.lanes.calls import GRACE, Abandoned, call
from reconciler.runtime.lanes.lane import Lane


@pytest.fixture
def lane():
    lane = Lane("test")
    yield lane
    lane.close()


class Fast(SystemClock):
    """Real time, twenty times as fast."""

    async def sleep(self, seconds):
        await asyncio.sleep(seconds / 20)


class Patient(Fast):
    """The same, but for what was cancelled: that has all the time it needs."""

    async def sleep(self, seconds):
        await asyncio.sleep(seconds * 20 if seconds == GRACE else seconds / 20)


def run(lane, function, *args, deadline=60.0, clock=None):
    return asyncio.run(call(clock or Fast(), lane, "test()", deadline, function, *args))


def test_function_runs_in_a_worker_thread(lane):
    assert run(lane, lambda: threading.current_thread().name).startswith("lane-test-")


def test_coroutine_runs_on_the_lanes_loop(lane):
    async def name():
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert run(lane, name) == "lane-test"


def test_lambda_around_a_coroutine_is_awaited(lane):
    async def value():
        return 7

    assert run(lane, lambda: value()) == 7


def test_exception_comes_back_as_it_is(lane):
    def fails():
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(lane, fails)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError])
def test_base_exception_is_contained(lane, kind):
    def fails():
        raise kind("out")

    async def fails_too():
        raise kind("out")

    for function in (fails, fails_too):
        with pytest.raises(TransientError, match=kind.__name__):
            run(lane, function)
    assert run(lane, lambda: 1) == 1


def test_stray_task_that_exits_does_not_end_the_lane(lane):
    async def spawn():
        async def out():
            raise SystemExit

        asyncio.get_running_loop().create_task(out())

    run(lane, spawn)

    async def alive():
        return "yes"

    assert run(lane, alive) == "yes"


def test_slow_coroutine_is_cancelled_at_its_deadline(lane):
    ended = threading.Event()

    async def slow():
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(DeadlineExceeded, match="cancelled") as caught:
        run(lane, slow, deadline=2.0, clock=Patient())
    assert not isinstance(caught.value, Abandoned)
    assert ended.wait(20)


def test_coroutine_that_swallows_cancellation_is_abandoned(lane):
    release = threading.Event()

    async def stubborn():
        while not release.is_set():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

    with pytest.raises(Abandoned):
        run(lane, stubborn, deadline=1.0)
    release.set()


def test_coroutine_cancelled_before_it_began_is_over(lane):
    async def never():
        pass

    gate = threading.Event()
    lane.post(gate.wait)
    running = lane.submit(never)
    running.cancel()
    gate.set()
    assert isinstance(running.future.exception(5), asyncio.CancelledError)


def test_blocking_function_is_abandoned_without_blocking_its_caller(lane):
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(Abandoned):
        run(lane, lambda: release.wait(30), deadline=1.0)
    assert time.monotonic() - began < 20
    release.set()


def test_eight_functions_run_side_by_side(lane):
    barrier = threading.Barrier(8)

    async def all_eight():
        calls = [call(SystemClock(), lane, "wait", 5.0, barrier.wait, 5) for _ in range(8)]
        return await asyncio.gather(*calls)

    assert sorted(asyncio.run(all_eight())) == list(range(8))


def test_closing_leaves_no_thread():
    lane = Lane("brief")
    run(lane, lambda: None)
    mine = [thread for thread in threading.enumerate() if thread.name.startswith("lane-brief")]
    lane.close()
    for thread in mine:
        thread.join(5)
    assert len(mine) == 2
    assert not any(thread.is_alive() for thread in mine)
