"""A real daemon in a process of its own, with an integration that does what files in its folder tell it."""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

CONFIG = "integration: probe\nname: {name}\nsettings: {{}}\nevents:\n  - type: note\n"
INTEGRATION = '''
"""Keeps a diary, and waits while a file named after what it does is there."""
import os
import time
from pathlib import Path

from reconciler.sdk import EventHook, Integration

FOLDER = Path(os.environ["PROBE_FOLDER"])


def note(text):
    with (FOLDER / "diary").open("a") as diary:
        diary.write(text + "\\n")


def act(text, gate):
    note(text)
    while (FOLDER / f"hold-{gate}").exists():
        time.sleep(0.01)


class ProbeIntegration(Integration):
    integration_id = "probe"

    def initialize(self):
        act("initialize", "initialize")
        EventHook(self, self.deliver)

    def deliver(self, event, config):
        act(f"begin {event.id}", "delivery")
        self.log.warning("made it\\nlevel=error forged", extra={"number": 7})
        note(f"done {event.id}")

    def config_disabled(self, config):
        note(f"disabled {config.name}")

    def shutdown(self):
        act("shutdown", "shutdown")
'''


def make_site(folder: Path) -> Path:
    """Write the probe as an installed distribution."""
    package, info = folder / "probe_integration", folder / "probe-1.0.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    manifest = {"id": "probe", "name": "Probe", "description": "For tests.", "icon": "x", "events": [{"type": "note"}]}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Probe", "type": "object",
        "properties": {"text": {"type": "string"}, "token": {"type": "string", "writeOnly": True}},
        "additionalProperties": False,
    }  # fmt: skip
    (package / "__init__.py").write_text('"""The probe."""\n')
    (package / "integration.py").write_text(INTEGRATION)
    (package / "manifest.json").write_text(json.dumps(manifest))
    (package / "schema.json").write_text(json.dumps(schema))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[reconciler.integrations]\nprobe = probe_integration\n")
    return folder


class Daemon:
    """One `reconcile --watch` in `root`; `program` are the interpreter's arguments that start it; `stderr` is where
    that goes, if not into a file.
    """

    def __init__(self, root: Path, *arguments, environ=None, program=("-m", "reconciler"), stderr=None):
        self.root = root
        self.out, self.err, self.diary_file = root / "stdout", root / "stderr", root / "diary"
        keep = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        keep |= {"PROBE_FOLDER": str(root), "PYTHONPATH": str(root / "site"), **(environ or {})}
        with self.out.open("a") as out, self.err.open("a") as err:
            command = [sys.executable, *program, "--watch", *arguments]
            self.process = subprocess.Popen(command, cwd=root, env=keep, stdout=out, stderr=stderr or err)

    def until(self, holds, what, *, lives=True):
        deadline = time.monotonic() + 20
        while not holds():
            assert not lives or self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"{what} never came: {self.err.read_text()}"
            time.sleep(0.01)

    def wait_for(self, text, file=None):
        self.until(lambda: text in (file or self.err).read_text(), repr(text))

    def diary(self):
        return self.diary_file.read_text().splitlines() if self.diary_file.exists() else []

    def wait_for_diary(self, line):
        self.until(lambda: line in self.diary(), line)

    def hold(self, what):
        (self.root / f"hold-{what}").touch()

    def release(self, what):
        (self.root / f"hold-{what}").unlink()

    def terminate_through_another_thread(self):
        """Have SIGTERM taken by a thread that is not the main one: nothing then wakes the main one, which is idle."""
        other = max(int(entry.name) for entry in Path(f"/proc/{self.process.pid}/task").iterdir())
        assert ctypes.CDLL(None).tgkill(self.process.pid, other, signal.SIGTERM) == 0

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def code(self):
        return self.process.wait(30)

    def ask(self, method, path, body=None):
        """Return status, headers and body of one request over the Unix socket, or None when nobody answers."""
        connection = http.client.HTTPConnection("localhost", timeout=10)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.settimeout(10)
            connection.sock.connect(str(self.root / ".reconcile" / "reconcile.sock"))
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"content-type": "application/cloudevents+json"})
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read().decode()
        except OSError:
            return None
        finally:
            connection.close()

    def send(self, number):
        return self.ask("POST", "/events", {"specversion": "1.0", "type": "note", "source": "/t", "id": f"e{number}"})


@pytest.fixture
def root(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(CONFIG.format(name="a"))
    make_site(tmp_path / "site")
    return tmp_path


@pytest.fixture
def held(root):
    """Have a daemon that is not started yet wait where it does something: `held("initialize")`."""
    return lambda what: (root / f"hold-{what}").touch()


@pytest.fixture
def start(root):
    """Start daemons: `start(*arguments)`; all are killed at the end."""
    running = []

    def run(*arguments, **options):
        running.append(Daemon(root, *arguments, **options))
        return running[-1]

    yield run
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


@pytest.fixture
def daemon(start):
    """A daemon that is ready."""
    running = start()
    running.wait_for("✓ ready")
    return running
