"""A real daemon tells a service manager how it is, over a real datagram socket; and the unit that we ship."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.runtime.telling.notify_socket import NotifySocket

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "reconcile.service"
HANGS = """
import signal, sys, threading
from reconciler.__main__ import main
from reconciler.runtime.engine_thread import EngineThread

loops, make = {}, EngineThread.__init__

def remember(self, name="reconcile-engine"):
    make(self, name)
    loops[name] = self.loop

def hang(number, frame):
    loops["reconcile-engine"].call_soon_threadsafe(forever)

def forever():
    print("the loop hangs", file=sys.stderr, flush=True)
    threading.Event().wait(60)

EngineThread.__init__ = remember
signal.signal(signal.SIGUSR1, hang)
sys.exit(main())
"""


class Systemd:
    """The other end of NOTIFY_SOCKET: every message that came, and the environment that makes a daemon send them."""

    def __init__(self, address, watchdog=None):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.messages = []
        self.environ = {"NOTIFY_SOCKET": address}
        if watchdog is not None:
            self.environ["WATCHDOG_USEC"] = str(int(watchdog * 1e6))

    def receive(self, seconds):
        """Return the next message, or None when none comes within `seconds`."""
        self.socket.settimeout(seconds)
        try:
            self.messages.append(self.socket.recv(8192).decode())
        except TimeoutError:
            return None
        return self.messages[-1]

    def expect(self, *parts):
        """Return the next message that holds all of `parts`."""
        deadline = time.monotonic() + 20
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(left)
            if message is not None and all(part in message for part in parts):
                return message
        raise AssertionError(f"no message with {parts}: {self.messages}")


@pytest.fixture
def systemd(tmp_path):
    made = []

    def make(address=str(tmp_path / "notify"), **options):
        made.append(Systemd(address, **options))
        return made[-1]

    yield make
    for one in made:
        one.socket.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_service_manager_is_told_from_ready_to_stopping(start, systemd, kind):
    manager = systemd(f"@reconcile-test-{os.getpid()}") if kind == "abstract" else systemd()
    daemon = start(environ=manager.environ)
    manager.expect("STATUS=the first pass is under way")
    assert manager.expect("READY=1").splitlines() == ["READY=1", "STATUS=1 of 1 configuration active"]
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    daemon.signal(signal.SIGHUP)
    reloading = manager.expect("RELOADING=1")
    assert int(re.search(r"^MONOTONIC_USEC=(\d+)$", reloading, re.MULTILINE)[1]) >= before
    manager.expect("READY=1")
    daemon.signal()
    assert manager.expect("STOPPING=1").splitlines()[1] == "STATUS=SIGTERM: stopping, within 25 s"
    assert daemon.code() == 0
    assert not any("WATCHDOG" in message for message in manager.messages)


@pytest.mark.slow
@pytest.mark.parametrize("watchdog", [0.3, None])
def test_start_that_takes_long_asks_for_time_and_is_not_ready(start, held, systemd, watchdog):
    manager = systemd(watchdog=watchdog)
    held("initialize")
    daemon = start(environ=manager.environ)
    daemon.wait_for_diary("initialize")
    assert ("WATCHDOG=1" in manager.expect("EXTEND_TIMEOUT_USEC=60000000")) == (watchdog is not None)
    assert not any("READY=1" in message for message in manager.messages)
    daemon.release("initialize")
    manager.expect("READY=1")


@pytest.mark.slow
def test_standby_asks_for_time_until_it_takes_over(daemon, start, systemd):
    manager = systemd(watchdog=0.3)
    start("--standby", environ=manager.environ)
    manager.expect("STATUS=standing by")
    manager.expect("WATCHDOG=1", "EXTEND_TIMEOUT_USEC=")
    assert not any("READY=1" in message for message in manager.messages)
    daemon.signal()
    assert daemon.code() == 0
    manager.expect("READY=1")


@pytest.mark.slow
def test_watchdog_starves_when_the_engines_loop_hangs(start, systemd):
    """The process goes on living, other threads and all; systemd would end it with SIGABRT, whose trace is logged."""
    manager = systemd(watchdog=0.3)
    daemon = start(environ=manager.environ, program=("-c", HANGS))
    manager.expect("READY=1")
    for _ in range(3):
        manager.expect("WATCHDOG=1")
    daemon.signal(signal.SIGUSR1)
    daemon.wait_for("the loop hangs")
    while manager.receive(0.001) is not None:  # sent before
        pass
    assert manager.receive(0.6) is None
    assert daemon.ask("GET", "/livez")[0] == 200  # it is declared dead after 30 s only
    assert manager.receive(0.3) is None  # and the thread that answered is at rest: a dump of one that runs may crash
    daemon.signal(signal.SIGABRT)
    assert daemon.code() == -signal.SIGABRT
    assert "Current thread" in daemon.err.read_text()


@pytest.mark.slow
def test_daemon_goes_on_when_nobody_listens(start, tmp_path):
    daemon = start(environ={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    daemon.wait_for("✓ ready")
    assert daemon.err.read_text().count("the service manager cannot be notified") == 1
    daemon.signal()
    assert daemon.code() == 0


def test_environment_is_read_once_and_not_for_children():
    environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid()), "A": "b"}
    channel = NotifySocket.from_environ(environ)
    channel.close()
    assert (channel.watchdog, environ) == (2.0, {"A": "b"})


@pytest.mark.parametrize(
    "environ",
    [
        {"WATCHDOG_USEC": "2000000"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "many"},
        {"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "2000000"},
    ],
)
def test_watchdog_that_is_not_ours_is_not_fed(environ):
    channel = NotifySocket.from_environ(environ)
    channel.close()
    assert channel.watchdog is None


def test_status_cannot_forge_an_assignment(systemd):
    manager = systemd()
    channel = NotifySocket(manager.environ["NOTIFY_SOCKET"])
    channel.send("STATUS=a\nMAINPID=1", "READY=1")
    channel.close()
    assert manager.receive(1).splitlines() == ["STATUS=a MAINPID=1", "READY=1"]


def test_manager_that_does_not_read_never_holds_us_up(systemd):
    manager = systemd()
    channel = NotifySocket(manager.environ["NOTIFY_SOCKET"])
    for _ in range(5000):  # far more than the kernel keeps for a socket
        channel.send("WATCHDOG=1")
    channel.close()
    assert manager.receive(1) == "WATCHDOG=1"


# --- the unit -----------------------------------------------------------------------------------------------------

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def setting(name):
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


@pytest.fixture
def unit(tmp_path):
    """The unit with an ExecStart that exists on this machine: that is the one thing it cannot know."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/reconcile/bin/reconcile", sys.executable))
    return copy


@needs_analyze
def test_unit_is_without_findings(unit):
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=30)
    assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT.name in line]) == (0, [])


@needs_analyze
def test_unit_is_hardened(unit):
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout


def test_unit_gives_the_daemon_its_grace():
    (start,) = setting("ExecStart")
    grace = int(re.search(r"--grace (\d+)s", start)[1])
    assert int(setting("TimeoutStopSec")[0].removesuffix("s")) >= grace + 10
    assert setting("Type") == ["notify"]
    assert setting("WatchdogSec")


def test_unit_writes_where_the_daemon_is_told_to():
    (start,) = setting("ExecStart")
    assert setting("StateDirectory") == ["reconcile"]
    assert "--state-dir %S/reconcile" in start
