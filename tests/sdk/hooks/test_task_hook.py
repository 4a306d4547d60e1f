import asyncio
import threading

import pytest

from reconciler.model.errors import HookError, TerminalError, TransientError
from reconciler.model.ports import StopReason, Where
from reconciler.sdk import TaskHook


@pytest.fixture
def pauses(host, until):
    """Return a function that waits for the task to sleep, ends the sleep, and returns its length."""

    def end_one():
        until(lambda: host.clock.sleepers)
        (due, _, _), *_ = host.clock.sleepers.values()
        pause = due - host.clock.monotonic()
        host.clock.advance(pause)
        return pause

    return end_one


def raising(error):
    async def run():
        raise error

    return run


def test_task_runs_in_the_lane(owner, start, until):
    seen = []

    async def run():
        seen.append(threading.current_thread() is threading.main_thread())
        await asyncio.Event().wait()

    start(TaskHook(owner, run))
    until(lambda: seen)
    assert seen == [False]


def test_failing_task_is_reported_and_restarted_ever_later(owner, host, start, pauses, until):
    start(TaskHook(owner, raising(ValueError("no"))))
    for most in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        assert 0 <= pauses() <= most
    until(lambda: len(host.reports) == 12)


def test_steady_task_starts_again_from_the_shortest_pause(owner, host, start, pauses, until):
    runs = []

    async def run():
        runs.append(1)
        if len(runs) == 6:
            host.clock.passed += 600
        raise ValueError("no")

    start(TaskHook(owner, run))
    for _ in range(5):
        pauses()
    assert pauses() <= 1


def test_retry_after_is_heeded(owner, start, pauses):
    start(TaskHook(owner, raising(TransientError("busy", retry_after=42.0))))
    assert pauses() == 42.0


@pytest.mark.parametrize("wait", ["42", " 42.0 "])
def test_retry_after_as_the_header_came_is_heeded(owner, start, pauses, wait):
    start(TaskHook(owner, raising(TransientError("busy", retry_after=wait))))
    assert pauses() == 42.0


@pytest.mark.parametrize("wait", [0.0, -1.0, float("nan"), "soon", [1]])
def test_no_wait_at_all_is_a_backoff(owner, start, pauses, wait):
    start(TaskHook(owner, raising(TransientError("busy", retry_after=wait))))
    assert 0 < pauses() <= 1


def test_terminal_error_ends_it(owner, host, start, until):
    hook = start(TaskHook(owner, raising(TerminalError("gone"))))
    until(lambda: host.reports)
    assert hook._calls.wait(5) == 0
    assert not host.clock.sleepers


def test_returning_ends_it(owner, host, start, until):
    runs = []

    async def run():
        runs.append(1)

    hook = start(TaskHook(owner, run))
    until(lambda: runs)
    assert hook._calls.wait(5) == 0
    assert host.reports == []


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
def test_base_exception_is_a_failure_like_any_other(owner, host, start, pauses, error):
    start(TaskHook(owner, raising(error)))
    pauses()
    assert host.reports[0][1] is error


def test_stop_cancels_and_waits_for_the_end(owner, host, until):
    began, ended = [], []

    async def run():
        began.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    hook = TaskHook(owner, run)
    hook.start(host)
    until(lambda: began)
    hook.stop(StopReason.REMOVED)
    assert ended == [1]
    assert host.reports == []


def test_task_that_swallows_its_cancellation_makes_stop_fail(owner, host, until):
    began, release = [], asyncio.Event()

    async def run():
        began.append(asyncio.get_running_loop())
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    hook = TaskHook(owner, run)
    hook._calls.patience = 0.01
    hook.start(host)
    until(lambda: began)
    with pytest.raises(HookError, match="ignores its cancellation"):
        hook.stop(StopReason.REMOVED)
    began[0].call_soon_threadsafe(release.set)
    until(lambda: hook._calls.wait() == 0)


def test_it_may_start_again_after_a_stop(owner, host, start, until):
    runs = []

    async def run():
        runs.append(1)
        await asyncio.Event().wait()

    hook = TaskHook(owner, run)
    hook.start(host)
    until(lambda: len(runs) == 1)
    hook.stop(StopReason.REPLACED)
    start(hook)
    until(lambda: len(runs) == 2)


def test_tasks_of_one_owner_have_names_of_their_own(owner):
    async def poll(): ...

    hooks = [TaskHook(owner, poll), TaskHook(owner, poll), TaskHook(owner, poll, name="watch")]
    assert [hook.exclusive for hook in hooks] == [
        "task:slack/builds:poll",
        "task:slack/builds:poll-2",
        "task:slack/builds:watch",
    ]
    assert hooks[0].where is Where.RUNNER
