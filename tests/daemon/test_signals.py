"""Signals to a real daemon: what each does, in which order, and with which exit code it ends."""

import json
import os
import signal
import sqlite3
import sys

import pytest

pytestmark = pytest.mark.slow
needs_tasks = pytest.mark.skipif(sys.platform != "linux", reason="a signal to one thread needs Linux's tgkill")


def test_terminated_daemon_refuses_events_drains_shuts_down_and_exits_0(daemon):
    daemon.hold("delivery")
    assert daemon.send(1)[0] == 202
    daemon.wait_for_diary("begin e1")
    daemon.signal()
    daemon.until(lambda: daemon.ask("GET", "/readyz")[0] == 503, "not ready")
    assert json.loads(daemon.ask("GET", "/readyz")[2])["reason"] == "the engine stops"
    assert daemon.ask("GET", "/livez")[0] == 200
    status, headers, _ = daemon.send(2)
    assert (status, "Retry-After" in headers or "retry-after" in headers) == (503, True)
    assert "shutdown" not in daemon.diary()
    daemon.release("delivery")
    assert daemon.code() == 0
    assert daemon.diary() == ["initialize", "begin e1", "done e1", "disabled a", "shutdown"]
    assert "✓ stopped in " in daemon.err.read_text()
    assert not (daemon.root / ".reconcile" / "reconcile.sock").exists()


@pytest.mark.parametrize("kind", ["delivery", "shutdown"])
def test_daemon_that_has_to_force_something_names_it_and_exits_1(start, kind):
    running = start("--grace", "2s")
    running.wait_for("✓ ready")
    running.hold(kind)
    running.send(1)
    running.wait_for_diary("begin e1" if kind == "delivery" else "done e1")
    running.signal()
    assert running.code() == 1
    named = {"delivery": "deliveries under way", "shutdown": "probe"}[kind]
    assert f"{named} did not end in time" in running.err.read_text()


def test_forced_delivery_is_made_after_the_restart(start):
    first = start("--grace", "1s")
    first.wait_for("✓ ready")
    first.hold("delivery")
    first.send(1)
    first.wait_for_diary("begin e1")
    first.signal()
    assert first.code() == 1
    first.release("delivery")
    again = start()
    again.wait_for_diary("done e1")
    assert again.diary().count("begin e1") == 2


def test_second_signal_ends_at_once(daemon):
    daemon.hold("shutdown")
    daemon.signal()
    daemon.wait_for_diary("shutdown")
    daemon.signal()
    assert daemon.process.wait(20) == 1  # it had 25 s to stop by itself
    assert "stopped at once, by a second signal" in daemon.err.read_text()


@needs_tasks
def test_signal_that_another_thread_takes_stops_the_idle_daemon(daemon):
    daemon.terminate_through_another_thread()
    assert daemon.code() == 0


@needs_tasks
def test_second_signal_that_another_thread_takes_ends_at_once(daemon):
    daemon.hold("shutdown")
    daemon.signal()
    daemon.wait_for_diary("shutdown")
    daemon.terminate_through_another_thread()
    assert daemon.process.wait(20) == 1  # it had 25 s to stop by itself


def test_interrupt_stops_as_a_termination_does(daemon):
    daemon.signal(signal.SIGINT)
    assert daemon.code() == 0
    assert "■ SIGINT: stopping, within 25s" in daemon.err.read_text()


def test_signal_during_start_up_stops_cleanly(start, held):
    held("initialize")
    running = start()
    running.wait_for_diary("initialize")
    running.signal()
    running.wait_for("■ SIGTERM")
    assert "✓ ready" not in running.err.read_text()
    running.release("initialize")
    assert running.code() == 0
    assert running.diary()[-1] == "shutdown"


def test_hangup_looks_again_now(daemon):
    """Seen by what it asked for in the history: a sweep or a hint would name another trigger."""
    daemon.signal(signal.SIGHUP)

    def looked():
        return "SIGHUP" in daemon.ask("GET", "/api/v1/history")[2]

    daemon.until(looked, "a pass by SIGHUP")
    assert daemon.process.poll() is None


def test_hangup_while_it_stops_is_no_second_signal(daemon):
    daemon.hold("shutdown")
    daemon.signal()
    daemon.wait_for_diary("shutdown")
    daemon.signal(signal.SIGHUP)
    daemon.release("shutdown")
    assert daemon.code() == 0


def test_killed_daemon_leaves_the_state_to_the_next(daemon, start):
    daemon.hold("delivery")
    daemon.send(1)
    daemon.wait_for_diary("begin e1")
    os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.process.wait()
    daemon.release("delivery")
    start().wait_for_diary("done e1")
    with sqlite3.connect(daemon.root / ".reconcile" / "queue.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
