"""Errands that are broken, or of another version, or whose worker is gone, keep nobody from being served."""

import asyncio
import json
import sqlite3
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from reconciler.model.errors import OverrideRefused, StateError
from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.runtime.state.errand_rows import withdraw

NOBODY = {"ids": [], "labels": {}, "integration": None}
IMPOSE = {
    "kind": "impose",
    "sort": "pause",
    "selector": NOBODY,
    "seconds": None,
    "reason": "",
    "drop": False,
    "who": "x",
}
LIFT = {"kind": "lift", "selector": NOBODY, "reason": "", "who": "x"}
BROKEN = {
    "not JSON": "{",
    "nested too deeply": "[" * 200_000,
    "no mapping": "7",
    "no kind": "{}",
    "unknown kind": {"kind": "erase", "who": "x"},
    "a kind that is no text": {"kind": ["impose"]},
    "of an old worker": {"kind": "approve", "digest": "d"},
    "of a new worker": {**IMPOSE, "colour": "red"},
    "no number": {**IMPOSE, "seconds": float("nan")},
    "no end": {**IMPOSE, "seconds": float("inf")},
    "over before it began": {**IMPOSE, "seconds": -5.0},
    "who is a mapping": {**IMPOSE, "who": {"a": 1}},
    "a reason that is too long": {**IMPOSE, "reason": "x" * 501},
    "half a character": {**IMPOSE, "reason": "\ud800"},
    "half a character for who resumes": {**LIFT, "who": "\ud800"},
    "an owner that is a list": {"kind": "forget", "owner": ["a"], "key": None, "who": "x"},
    "giant": {**IMPOSE, "who": "x" * 2_000_000},
    "not UTF-8": b'{"kind": "\xff"}',
}


@contextmanager
def queue_of(world):
    db = sqlite3.connect(world.state / "queue.db", isolation_level=None)
    try:
        yield db
    finally:
        db.close()


def leave(world, body, at):
    text = json.dumps(body) if isinstance(body, dict) else body
    with queue_of(world) as db:
        db.execute("INSERT INTO errand (id, at, body) VALUES ('0', ?, CAST(? AS TEXT))", (at, text))


def suspend(host):
    asked = OverrideRequest(OverrideKind.SUSPEND, Selector(ids=("notes/a",)))
    return host.manager.engine.overrides.impose(asked, "ann")


def in_force(host):
    return [str(one.selector) for one, _ in host.manager.engine.overrides.listed()]


class FullAtFirst:
    """The queue of a runner on a disk that is full for a moment."""

    def __init__(self, queue, times):
        self.queue, self.times = queue, times

    def submit(self, job):
        if self.times == 0:
            return self.queue.submit(job)
        self.times -= 1
        failed = Future()
        failed.set_exception(StateError("database or disk is full"))
        return failed


@pytest.fixture
def runner(world):
    world.write("a")
    return world.host()


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_errand_is_answered_and_the_next_one_is_done(world, runner, body):
    worker = world.host()
    leave(world, body, world.clock.time())
    world.meanwhile(lambda: suspend(worker))
    with queue_of(world) as db:
        world.until(lambda: "refused" in (db.execute("SELECT answer FROM errand").fetchone()[0] or ""))
    assert in_force(runner) == ["notes/a"]


@pytest.mark.parametrize("seconds", [-6.0, 86400.0], ids=["killed 6 s ago", "left before the clock was set back"])
def test_errand_that_nobody_waits_for_is_not_begun(world, runner, seconds):
    worker = world.host()
    leave(world, {**IMPOSE, "seconds": 600.0}, world.clock.time() + seconds)
    world.meanwhile(lambda: suspend(worker))
    assert in_force(runner) == ["notes/a"]


def test_errand_that_cannot_be_read_at_first_is_done_a_little_later(world, runner, caplog):
    errands = runner.manager.engine._errands
    errands._store = disk = FullAtFirst(errands._store, 2)
    world.meanwhile(lambda: suspend(world.host()))
    assert (in_force(runner), disk.times) == (["notes/a"], 0)
    assert caplog.text.count("cannot be read, or answered, at present") == 1


@contextmanager
def answers_failing(world, of="NEW.id"):
    """Have every answer fail, as on a full disk, until the end of the block; or those of one errand alone."""
    full = "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    with queue_of(world) as db:
        db.execute(f"CREATE TRIGGER full BEFORE UPDATE OF answer ON errand WHEN NEW.id = {of} {full}")
        yield
        db.execute("DROP TRIGGER full")


def test_answer_that_cannot_be_written_at_first_is_written_a_little_later(world, runner, caplog):
    worker = world.host()
    with ThreadPoolExecutor(1) as pool:
        with answers_failing(world):
            asked = pool.submit(suspend, worker)
            world.until(lambda: "disk is full" in caplog.text)
            assert in_force(runner) == ["notes/a"]
        world.until(asked.done)
    assert str(asked.result()[0].selector) == "notes/a"


def test_answer_that_nobody_waits_for_any_more_keeps_no_errand_from_being_done(world, runner, caplog):
    worker = world.host()
    with answers_failing(world, of="'0'"):
        leave(world, {**IMPOSE, "seconds": 600.0}, world.clock.time())
        world.until(lambda: "disk is full" in caplog.text)
        world.clock.advance(11)
        world.meanwhile(lambda: suspend(worker))
    assert "notes/a" in in_force(runner)


def test_worker_that_ends_while_it_waits_leaves_nothing_to_be_done_later(world):
    world.write("a")
    worker = world.host(role="worker")
    with queue_of(world) as db, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(suspend, worker)
        world.until(lambda: db.execute("SELECT count(*) FROM errand").fetchone() == (1,))
        world.end(worker)
        assert db.execute("SELECT count(*) FROM errand").fetchone() == (0,)
        assert isinstance(asked.exception(5), CancelledError)


def test_errand_behind_one_that_takes_long_is_not_begun_with_it(world, runner):
    begun, end = threading.Event(), asyncio.Event()

    async def forget(owner, key, who):
        begun.set()
        await end.wait()
        return 0

    errands = runner.manager.engine._errands
    errands.doers = {**errands.doers, "forget": forget}
    body = json.dumps({"kind": "forget", "owner": "notes/a", "key": None, "who": "bob"})
    with queue_of(world) as db:
        now = world.clock.time()
        db.execute("INSERT INTO errand (id, at, body) VALUES ('0', ?, ?), ('1', ?, ?)", (now, body, now, body))
        world.until(begun.is_set)
        assert db.execute("SELECT taken FROM errand ORDER BY id").fetchall() == [(1,), (0,)]
        assert withdraw(db, "1")


@pytest.mark.parametrize("asked", ["runner", "worker"])
def test_half_a_character_in_a_reason_is_refused_in_words(world, runner, asked):
    overrides = (runner if asked == "runner" else world.host()).manager.overrides
    with pytest.raises(OverrideRefused, match=r"the reason holds \\ud800, which is no character"):
        world.meanwhile(lambda: overrides.pause("notes/a", reason="\ud800"))
