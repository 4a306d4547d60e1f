"""Real engines that real faults happen to: one in this process with the real watcher, one as a daemon of its own.

Nothing here sleeps for a time: a test waits for a condition, with a deadline.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli.client import Daemon as Client
from reconciler.cli.client import NoDaemon
from reconciler.compose.manager import IntegrationManager
from reconciler.runtime.listener import Listener
from reconciler.sdk import Event, EventHook, Hook, Integration

_BOUND_BY_PERMISSIONS = """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH; 24 is PR_CAPBSET_DROP
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # who is not root is not obeyed, and needs it not
os.execv(sys.argv[1], sys.argv[1:])
"""


def wait_until(condition, what="the condition", seconds=20.0):
    """Wait until `condition()` is true; returns what it returned.

    By default for less than the 30 s after which a sweep would find out whatever a hint or an answer should have told.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"not within {seconds:g} s: {text}")
        threading.Event().wait(0.005)
    return found


def document(name, integration="diary", **settings):
    """Return a configuration as YAML."""
    lines = [f"integration: {integration}", f"name: {name}"]
    if settings:
        lines += ["settings:", *(f"  {key}: {value}" for key, value in settings.items())]
    return "\n".join(lines) + "\n"


class Paced:
    """Real time, or faster, that stands still for the engine once as much has passed as the test lets pass.

    However long a busy machine keeps the test from its next step: for the engine it comes in time.
    """

    time = staticmethod(time.time)

    def __init__(self, speed=1.0):
        self._speed, self._lock = speed, threading.Lock()
        self._passed, self._since, self._most = 0.0, time.monotonic(), float("inf")

    def monotonic(self):
        with self._lock:
            return self._now()

    def _now(self):
        return self._passed + min((time.monotonic() - self._since) * self._speed, self._most)

    def let_pass(self, seconds):
        """Let no more than so many seconds pass from now on, until this is called again."""
        with self._lock:
            self._passed, self._since, self._most = self._now(), time.monotonic(), seconds

    @contextmanager
    def at_once(self):
        """What is done within is done before two looks could confirm that something is gone."""
        self.let_pass(0.05)
        yield
        self.let_pass(float("inf"))

    async def sleep(self, seconds):
        due = self.monotonic() + seconds
        await asyncio.sleep(0)
        while (left := due - self.monotonic()) > 0:
            await asyncio.sleep(max(left / self._speed, 0.001))


class PortHook(Hook):
    """Holds an exclusive port and writes down when."""

    def __init__(self, owner, port, diary):
        self.port, self.diary, self.exclusive = port, diary, f"port:{port}"
        super().__init__(owner)

    def start(self, host):
        self.diary.append(f"open {self.port}")

    def stop(self, reason):
        self.diary.append(f"close {self.port}")


def make_class():
    """Return an integration class that keeps a diary of every call it gets."""

    class Diary(Integration):
        integration_id = "diary"
        name = "Diary"
        events = ("note",)
        diary: list[str] = []
        received: list[str] = []
        lock = threading.Lock()
        at_once = most_at_once = 0

        def initialize(self):
            self.diary.append("initialize")
            EventHook(self, self.deliver)

        def shutdown(self):
            self.diary.append("shutdown")

        def config_enabled(self, config):
            self.diary.append(f"+{config.name} {dict(config.settings)}".removesuffix(" {}"))
            if "port" in config.settings:
                PortHook(config, config.settings["port"], self.diary)

        def config_changed(self, old, new):
            with self.lock:
                self.at_once += 1
                type(self).most_at_once = max(self.most_at_once, self.at_once)
            self.diary.append(f"~{new.name} {dict(new.settings)}")
            with self.lock:
                self.at_once -= 1

        def config_disabled(self, config):
            self.diary.append(f"-{config.name}")

        def deliver(self, event, config):
            self.received.append(event.id)

    Diary.diary, Diary.received = [], []
    return Diary


class Site:
    """A directory of configurations with an engine over it, watching; `diary` is what its integration was called for.

    A subclass of none of our own parts: the manager, the watcher and the stores are the real ones.
    """

    def __init__(self, base, clock=None):
        self.base, self.clock = base, clock or Paced()
        self.root, self.state_dir = base / "configs", base / "state"
        self.passes, self.plans, self.looks = [], [], []
        self.integration = make_class()
        self.manager = None
        self.root.mkdir()

    @property
    def diary(self):
        return self.integration.diary

    @property
    def engine(self):
        return self.manager.engine

    def write(self, *names, into=None, **settings):
        """Write one file for each name, in place."""
        folder = into or self.root
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / f"{name}.yaml").write_text(document(name, **settings))

    def start(self, root=None, **options):
        listener = Listener(on_look=self._looked, on_plan=self.plans.append, on_pass=self.passes.append)
        self.manager = IntegrationManager(
            root or self.root, state_dir=self.state_dir, integrations=(), clock=self.clock, listener=listener, **options
        )
        self.manager.register_integration_class(self.integration)
        self.manager.start()
        return self

    def stop(self):
        if self.manager is not None:
            self.manager.stop(5)
            self.manager = None

    def _looked(self, records):
        """Note every state that anybody could have been shown."""
        self.looks.append({r.id: (r.effective.desired.presence.value, r.effective.known) for r in records})

    def status(self, name):
        return self.manager.status(f"diary/{name}")

    def state(self, name):
        status = self.status(name)
        return status.state.value if status is not None else None

    def active(self):
        return sorted(key.partition("/")[2] for key in self.engine.config_ids() if self._is_active(key))

    def _is_active(self, key):
        status = self.engine.config(key)
        return status is not None and status.state.value == "active"

    def wait(self, condition, seconds=20.0):
        return wait_until(condition, self.describe, seconds)

    def wait_active(self, *names, seconds=20.0):
        self.wait(lambda: self.active() == sorted(names) and self.engine.idle, seconds)

    def wait_rule(self, rule):
        return self.wait(lambda: [d for d in self.engine.diagnostics() if d.rule == rule])

    def settled(self):
        """Make the engine look at everything, and wait until nothing is left to do."""
        before = self.engine.looks
        self.manager.look()
        self.wait(lambda: self.engine.looks > before and self.engine.idle)

    def marked(self):
        """Return once a change that is made now has been seen by the watch: what came before it has been seen too."""
        name = f"mark{time.monotonic_ns()}"
        self.write(name)
        self.wait(lambda: self.state(name) == "active" and self.engine.idle)
        (self.root / f"{name}.yaml").unlink()
        self.wait(lambda: self.state(name) is None and self.engine.idle)
        self.diary[:] = [line for line in self.diary if name not in line]

    def describe(self):
        found = {key: status.state.value for key in self.engine.config_ids() if (status := self.engine.config(key))}
        return f"{dict(list(found.items())[:20])}, alarms {self.engine.alarms()}, {self.engine.diagnostics()[:5]}"


@pytest.fixture
def site(tmp_path):
    """An engine in this process that is not started yet."""
    made = Site(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def site_type():
    return Site


@pytest.fixture
def paced():
    """Make clocks whose time stands still where the test says so: `paced(speed=100)`, then `let_pass(20.0)`."""
    return Paced


@pytest.fixture
def text():
    """Write a configuration as YAML: `text("a", channel="x")`."""
    return document


@pytest.fixture
def until():
    """Wait for a condition with a deadline."""
    return wait_until


@pytest.fixture
def note():
    """Make an event: `note("1")`."""
    return lambda number: Event(source="/test", type="note", id=str(number), data={})


class DaemonProcess:
    """`reconcile --watch` in a process of its own, asked over its Unix socket."""

    def __init__(self, base, *arguments, state_dir=None, wrap=(), program=None):
        self.base = base
        self.root, self.state_dir = base / "configs", state_dir or base / "state"
        self.out, self.err = base / "stdout", base / "stderr"
        self.client = Client(self.state_dir)
        program = program or [
            "-m",
            "reconciler",
            "--watch",
            "--dir",
            str(self.root),
            "--state-dir",
            str(self.state_dir),
        ]
        command = [*wrap, sys.executable, *program, *arguments]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        with self.out.open("a") as out, self.err.open("a") as err:
            self.process = subprocess.Popen(command, cwd=base, env=environ, stdout=out, stderr=err)

    def wait(self, condition, seconds=20.0):
        def checked():
            assert self.process.poll() is None, f"the daemon ended: {self.err.read_text()}"
            return condition()

        return wait_until(checked, lambda: self.err.read_text()[-4000:], seconds)

    def wait_ready(self):
        self.wait(lambda: (self.status() or {}).get("ready"))
        return self

    def status(self):
        try:
            return self.client.get("status")
        except NoDaemon:
            return None

    def config(self, config_id):
        return self.client.config(config_id)

    def configs(self):
        """Return every configuration's state and staleness, by name."""
        return {i["name"]: (i["state"], i["stale"]) for i in self.client.items("configs")}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)


@pytest.fixture
def root(tmp_path):
    """The directory of the daemons, to be filled before they start: a start does not wait for who is slow to write."""
    (tmp_path / "configs").mkdir()
    return tmp_path / "configs"


@pytest.fixture
def daemon(tmp_path, root):
    """Start daemons over `root`: `daemon(*arguments, ...)`; all are killed at the end."""
    running = []

    def start(*arguments, **options):
        running.append(DaemonProcess(tmp_path, *arguments, **options))
        return running[-1]

    yield start
    for process in running:
        process.kill()


@pytest.fixture
def bound_by_permissions():
    """For `wrap`: a process for which `chmod 0` denies, whoever runs the tests."""
    return (sys.executable, "-c", _BOUND_BY_PERMISSIONS)


def _mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.partition(chr(10))[0]}")


@pytest.fixture
def mount():
    """Mount something: `mount(target, "-t", "tmpfs", ...)`; skips where that is not allowed. All are taken back."""
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    targets = []

    def mount(target: Path, *arguments):
        _mount(*arguments, str(target))
        targets.append(target)

    yield mount
    for target in reversed(targets):
        subprocess.run(["umount", "-l", str(target)], capture_output=True)


@pytest.fixture
def umount():
    """Unmount a folder, as an administrator would."""

    def umount(target):
        subprocess.run(["umount", str(target)], check=True, capture_output=True)

    return umount
