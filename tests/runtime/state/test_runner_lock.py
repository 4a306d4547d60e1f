"""RunnerLock: one holder, named to the others, and released by the end of its process."""

import os
import signal
import subprocess
import sys

import pytest

from reconciler.model.errors import StateError, StateLocked
from reconciler.runtime.state.lock import RunnerLock

HOLD = """
import sys, pathlib
from reconciler.runtime.state.lock import RunnerLock
lock = RunnerLock(pathlib.Path(sys.argv[1])); lock.acquire(); print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=-1, stdout=-1, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_lock_is_taken_and_taken_again(tmp_path):
    lock = RunnerLock(tmp_path / "new" / "state")
    lock.acquire()
    lock.acquire()
    assert lock.is_held
    lock.release()
    lock.release()
    other = RunnerLock(tmp_path / "new" / "state")
    other.acquire()
    other.release()


def test_second_lock_in_the_same_process_is_refused(tmp_path):
    lock = RunnerLock(tmp_path)
    lock.acquire()
    with pytest.raises(StateLocked, match=rf"process {os.getpid()}"):
        RunnerLock(tmp_path).acquire()
    lock.release()


def test_second_runner_is_told_who_holds_it(tmp_path, holder):
    with pytest.raises(StateLocked, match=rf"another runner \(process {holder.pid}\) holds the state directory"):
        RunnerLock(tmp_path).acquire()


def test_killed_holder_releases_it(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock = RunnerLock(tmp_path)
    lock.acquire()
    lock.release()


@pytest.fixture
def forked():
    """Fork a child that lives until the test ends; returns once it runs."""
    ends = []

    def fork():
        to_child, to_parent = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.close(to_child[1])
            os.write(to_parent[1], b"!")
            os.read(to_child[0], 1)
            os._exit(0)
        os.read(to_parent[0], 1)
        ends.append((child, [*to_child, *to_parent]))

    yield fork
    for child, handles in ends:
        for handle in handles:
            os.close(handle)
        os.waitpid(child, 0)


def test_orphaned_fork_does_not_keep_it(tmp_path, forked):
    lock = RunnerLock(tmp_path)
    lock.acquire()
    forked()
    lock.close_copy()  # as if this process had died
    other = RunnerLock(tmp_path)
    other.acquire()
    other.release()


def test_fork_does_not_take_it_from_its_parent(tmp_path, forked):
    lock = RunnerLock(tmp_path)
    lock.acquire()
    forked()
    with pytest.raises(StateLocked):
        RunnerLock(tmp_path).acquire()
    lock.release()


def test_place_that_cannot_be_written_is_a_state_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot write the state directory"):
        RunnerLock(tmp_path / "file").acquire()
