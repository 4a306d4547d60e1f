"""The README's tour, step by step, with the real daemon on a copy of the example configurations."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from house import ROOT

from reconciler.testing import RecordingServer

pytestmark = pytest.mark.slow
RECONCILE = (sys.executable, "-m", "reconciler")
FAILED = '{"status": "failed", "branch": "main", "job": "nightly"}'


class Output:
    """What a process has said so far, as it comes."""

    def __init__(self, stream):
        self.lines: list[str] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def expect(self, *texts):
        """Wait for a line that holds all of `texts`; return it."""

        def find():
            return next((line for line in self.lines if all(text in line for text in texts)), None)

        with self._changed:
            if not self._changed.wait_for(lambda: find() is not None, 20):
                pytest.fail(f"no line with {texts} in:\n" + "\n".join(self.lines))
            found = find()
            del self.lines[: self.lines.index(found) + 1]
            return found


@contextmanager
def daemon(tmp_path: Path):
    configs, state = tmp_path / "configs", tmp_path / "state"
    shutil.copytree(ROOT / "examples" / "configs", configs)
    command = [*RECONCILE, "--watch", "--dir", str(configs), "--state-dir", str(state), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    try:
        yield process, Output(process.stdout)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()


def ask(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*RECONCILE, *arguments, "--state-dir", str(tmp_path / "state")],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_edit_break_and_mend_a_file(tmp_path):
    file = tmp_path / "configs" / "console" / "build-failures.yaml"
    with daemon(tmp_path) as (_, output):
        output.expect("ready")
        edit(file, 'prefix: "» "', 'prefix: "!! "')
        output.expect("console/build-failures", "updated", "settings.prefix")
        edit(file, "prefix:", "prefx:")
        output.expect(
            "console/build-failures", "invalid", "prefx", "did you mean `prefix`", "the last good version runs on"
        )
        assert "prefx" in ask(tmp_path, "get", "console/build-failures").stdout
        edit(file, "prefx:", "prefix:")
        output.expect("console/build-failures", "valid again")


def test_emitted_event_is_printed_where_the_daemon_runs(tmp_path):
    with daemon(tmp_path) as (_, output):
        output.expect("ready")
        ask(tmp_path, "emit", "build.finished", "--data", FAILED.replace("failed", "passed"))
        assert "accepted build.finished" in ask(tmp_path, "emit", "build.finished", "--data", FAILED).stdout
        output.expect("nightly failed on main")


def test_event_reaches_an_http_destination_once_it_listens(tmp_path):
    with daemon(tmp_path) as (_, output), RecordingServer() as server:
        output.expect("ready")
        file = tmp_path / "configs" / "webhook" / "local.yaml"
        edit(file, "http://127.0.0.1:8788", server.url)
        edit(file, "enabled: false", "enabled: true")
        output.expect("webhook/local", "started")
        ask(tmp_path, "emit", "build.finished", "--data", FAILED)
        assert server.wait_for(1, 20)[0].json() == {"job": "nightly", "status": "failed"}


def test_daemon_ends_cleanly_when_told(tmp_path):
    with daemon(tmp_path) as (process, output):
        output.expect("ready")
        process.send_signal(signal.SIGTERM)
        output.expect("stopped in")
        assert process.wait(20) == 0


def test_receiver_prints_what_it_gets():
    command = [sys.executable, str(ROOT / "examples" / "receiver.py"), "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        output = Output(process.stdout)
        url = output.expect("listening on").split()[-1]
        post(url + "/x", b'{"a":1}')
        output.expect("POST /x")
        output.expect('"a": 1')
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def post(url: str, body: bytes) -> None:
    from urllib.request import Request, urlopen

    with urlopen(Request(url, body, method="POST"), timeout=20):
        pass
