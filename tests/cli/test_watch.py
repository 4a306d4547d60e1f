"""A real daemon in a process of its own: what it says, what the asking verbs see, how it ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

GOOD = "integration: console\nname: a\nsettings: {}\nevents:\n  - type: build.finished\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(GOOD)
    return tmp_path


def reconcile(root, *arguments):
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30, check=False)


class Daemon:
    def __init__(self, root, *arguments):
        self.root = root
        self.out, self.err = root / "stdout", root / "stderr"
        with self.out.open("w") as out, self.err.open("w") as err:
            command = [sys.executable, "-m", "reconciler", "--watch", *arguments]
            environ = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
            self.process = subprocess.Popen(command, cwd=root, env=environ, stdout=out, stderr=err)

    def wait_for(self, text, file=None):
        deadline = time.monotonic() + 20
        while text not in (file or self.err).read_text():
            assert self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"{text!r} never came: {self.err.read_text()}"
            time.sleep(0.02)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def daemon(root):
    running = Daemon(root)
    yield running
    running.process.kill()
    running.process.wait()


@pytest.mark.slow
def test_story_from_start_to_stop(daemon, root):
    daemon.wait_for("✓ ready: 1 of 1 configuration active")
    (root / "configs" / "a.yaml").write_text(GOOD.replace("{}", "{prefix: '> '}"))
    daemon.wait_for('~ console/a updated — + settings.prefix "> " (configs/a.yaml:1)')
    (root / "configs" / "a.yaml").write_text(GOOD.replace("{}", "{prefx: 1}"))
    daemon.wait_for("✗ console/a invalid — configs/a.yaml:3:12: the key `prefx` is not known")
    daemon.wait_for("(the last good version runs on)")
    (root / "configs" / "a.yaml").unlink()
    daemon.wait_for("- console/a removed — deleted")
    assert daemon.end() == 0
    assert "✓ stopped in " in daemon.err.read_text()
    assert "Traceback" not in daemon.err.read_text()


@pytest.mark.slow
def test_emitted_event_reaches_stdout_alone(daemon, root):
    daemon.wait_for("✓ ready")
    assert reconcile(root, "emit", "build.finished", "--data", '{"job": "deploy"}').returncode == 0
    daemon.wait_for("deploy", daemon.out)
    assert "deploy" not in daemon.err.read_text()


@pytest.mark.slow
def test_asking_verbs_see_the_daemon(daemon, root):
    daemon.wait_for("✓ ready")
    (root / "configs" / "a.yaml").write_text(GOOD.replace("{}", "{prefx: 1}"))
    daemon.wait_for("✗ console/a invalid")
    for line, code, text in [
        ("status", 1, "1 active (1 stale)"),
        ("get", 0, "configs/a.yaml:1"),
        ("get console/a", 1, "did you mean `prefix`?"),
        ("get console/none", 1, ""),
        ("integrations", 0, "registered"),
        ("history", 0, "1 initialize, 1 start"),
        ("plan --exit-code", 0, "Nothing to do"),
        ("retry console/none", 1, ""),
        ("approve 000000000000", 1, ""),
    ]:
        done = reconcile(root, *line.split())
        assert (done.returncode, text in done.stdout) == (code, True), (line, done.stdout, done.stderr)
