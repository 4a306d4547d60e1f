"""`reconcile --watch --standby`: waits for the runner to end, however it ends, and goes on in its place."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


class Daemon:
    def __init__(self, folder, name, *arguments):
        self.said = folder / f"{name}.err"
        environ = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        command = [sys.executable, "-m", "reconciler", "--watch", *arguments]
        with self.said.open("w") as err, (folder / f"{name}.out").open("w") as out:
            self.process = subprocess.Popen(command, cwd=folder, env=environ, stdout=out, stderr=err)
        self.out = folder / f"{name}.out"

    def says(self, text):
        return text in self.said.read_text()


@pytest.fixture
def daemon(tmp_path):
    """Start a daemon over one directory: `daemon("name", "--standby")`."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: console\nname: a\nevents:\n  - type: build.finished\n")
    with contextlib.ExitStack() as undo:

        def start(name, *arguments):
            one = Daemon(tmp_path, name, *arguments)
            undo.callback(one.process.wait)
            undo.callback(one.process.kill)
            return one

        yield start


def test_standby_takes_over_after_kill_9(daemon, until, tmp_path):
    first = daemon("first")
    until(lambda: first.says("✓ ready"))
    second = daemon("second", "--standby")
    until(lambda: second.says(f"… standing by: another runner (process {first.process.pid}) holds .reconcile"))
    first.process.kill()
    until(lambda: second.says("✓ ready: 1 of 1 configuration active"))
    emit = [sys.executable, "-m", "reconciler", "emit", "build.finished", "--data", '{"job": "deploy"}']
    assert subprocess.run(emit, cwd=tmp_path, timeout=30, check=False).returncode == 0
    until(lambda: "deploy" in second.out.read_text())


def test_sigterm_while_it_waits_ends_it_with_0(daemon, until):
    first = daemon("first")
    until(lambda: first.says("✓ ready"))
    second = daemon("second", "--standby")
    until(lambda: second.says("standing by"))
    second.process.send_signal(signal.SIGHUP)
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(20) == 0
    assert second.says("■ SIGTERM: stopping")
    assert first.process.poll() is None


def test_standby_starts_at_once_where_nobody_runs(daemon, until):
    only = daemon("only", "--standby")
    until(lambda: only.says("✓ ready"))
    assert not only.says("standing by")
