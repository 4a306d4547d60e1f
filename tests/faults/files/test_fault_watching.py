"""Where inotify loses events, or is not to be had: what changed is seen all the same, and nobody restarts anything."""

import shutil
import signal
import subprocess

import pytest

pytestmark = pytest.mark.slow

QUEUE = "/proc/sys/fs/inotify/max_queued_events"
NO_INOTIFY = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'

FAST = """
import asyncio, sys, threading, time
from reconciler.compose.manager import IntegrationManager
from reconciler.sdk import Integration

class Fast:
    '''Real time, twenty times as fast: a sweep is due every second and a half.'''
    time = staticmethod(time.time)
    def monotonic(self): return 20 * time.monotonic()
    async def sleep(self, seconds): await asyncio.sleep(seconds / 20)

class Diary(Integration):
    integration_id = "diary"
    def config_enabled(self, config): print("enabled", config.name, config.settings["channel"], flush=True)
    def config_changed(self, old, new): print("changed", new.name, new.settings["channel"], flush=True)

manager = IntegrationManager(sys.argv[1], state_dir=sys.argv[2], integrations=(), clock=Fast())
manager.register_integration_class(Diary)
manager.start()
print("ready", flush=True)
threading.Event().wait()
"""


@pytest.fixture
def queue_length():
    try:
        with open(QUEUE) as file:
            return int(file.read())
    except OSError:
        pytest.skip("there is no inotify here")


def stopped(process, work):
    """Do `work` while the process stands still, as on a machine that swaps, so that it reads no events."""
    process.process.send_signal(signal.SIGSTOP)
    try:
        work()
    finally:
        process.process.send_signal(signal.SIGCONT)


def test_overflowing_queue_is_noticed_by_its_size_and_everything_is_looked_at(daemon, root, text, queue_length):
    folder = root / "team"
    folder.mkdir()
    (folder / "a.yaml").write_text(text("a", "console"))
    junk = [root / f"junk{number}.txt" for number in range(2500)]
    for path in junk:
        path.touch()
    process = daemon().wait_ready()

    def overflow():
        for number in range(queue_length + 1000):
            junk[number % len(junk)].chmod(0o600)
        (folder / "a.yaml").write_text(text("a", "console", prefix="'> '"))

    stopped(process, overflow)
    process.wait(lambda: "console/a updated" in process.err.read_text())


def test_overflow_that_nobody_can_notice_is_made_up_for_by_the_sweep(daemon, root, text, tmp_path, queue_length):
    state = tmp_path / "state"
    folder = root / "team"
    folder.mkdir()
    (folder / "a.yaml").write_text(text("a", channel="old"))
    junk = [root / "one.txt", root / "two.txt"]  # the same event twice in a row would be one
    for path in junk:
        path.touch()
    process = daemon(program=["-c", FAST, str(root), str(state)])
    process.wait(lambda: "ready" in process.out.read_text())

    def overflow():
        for number in range(queue_length + 1000):
            junk[number % 2].chmod(0o600)
        (folder / "a.yaml").write_text(text("a", channel="new"))

    stopped(process, overflow)
    process.wait(lambda: "changed a new" in process.out.read_text())


@pytest.fixture
def without_inotify():
    """For `wrap`: a process that gets no inotify instance, as on a host that has run out of them."""
    wrap = ("unshare", "--user", "--map-root-user", "sh", "-c", NO_INOTIFY, "sh")
    if shutil.which("unshare") is None or subprocess.run([*wrap, "true"], capture_output=True).returncode != 0:
        pytest.skip("user namespaces, which can limit inotify for one process, are not to be had here")
    return wrap


def test_root_without_inotify_is_looked_at_regularly_until_it_can_be_watched(daemon, root, text, without_inotify):
    (root / "a.yaml").write_text(text("a", "console"))
    process = daemon(wrap=without_inotify).wait_ready()
    process.wait(lambda: "cannot be watched" in process.err.read_text())
    (process.root / "a.yaml").write_text(text("a", "console", prefix="'1 '"))
    process.wait(lambda: '"1 "' in process.err.read_text())
    (process.root / "a.yaml").rename(process.root / "b.yaml")
    process.wait(lambda: process.config("console/a")["file"].endswith("b.yaml"))

    back = "echo 128 > /proc/sys/user/max_inotify_instances"
    enter = ["nsenter", "--user", "--target", str(process.process.pid), "sh", "-c", back]
    if subprocess.run(enter, capture_output=True).returncode == 0:
        process.wait(lambda: "watched again" in process.err.read_text())
        (process.root / "b.yaml").write_text(text("a", "console", prefix="'2 '"))
        process.wait(lambda: '"2 "' in process.err.read_text())
    assert "- console/a" not in process.err.read_text()
