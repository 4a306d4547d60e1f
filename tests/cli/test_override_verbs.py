"""`suspend`, `pause` and `resume`: against a fake daemon, and against a real one that is started again."""

import getpass
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from reconciler.cli.app import run

CONFIG = 'integration: console\nname: a\nlabels: {tier: "1"}\nsettings: {}\nevents:\n  - type: build.finished\n'


@pytest.fixture
def ask(fake, capsys):
    """Run a verb against the fake daemon: exit code, stdout, stderr."""

    def call(*arguments):
        code = run([*arguments, "--state-dir", str(fake.state_dir)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_suspend_sends_the_selector(ask, fake):
    code, _, _ = ask(
        "suspend", "slack/a", "slack/b", "-l", "tier=1", "-i", "slack", "--for", "2h", "--reason", "a freeze"
    )
    selector = {"ids": ["slack/a", "slack/b"], "labels": {"tier": "1"}, "integration": "slack", "all": False}
    assert code == 0
    assert fake.asked[-1][:4] == (
        "POST", "/api/v1/overrides", {}, {"kind": "suspend", "selector": selector, "for": "2h", "reason": "a freeze"}
    )  # fmt: skip


def test_pause_says_what_is_in_force(ask, fake):
    code, out, _ = ask("pause", "--all", "--drop")
    assert code == 0
    assert out == (
        "‖ paused -l tier=1 (2 configurations) until 1970-01-01 02:00:00 UTC, dropping what is sent, by alice: "
        "a \\x1b[2J freeze\n"
    )
    assert fake.asked[-1][3]["selector"]["all"]
    assert fake.asked[-1][3]["drop"]


def test_resume_says_what_has_ended(ask, fake):
    code, out, _ = ask("resume", "-l", "tier=1", "-l", "team=a=b", "--reason", "done")
    assert (code, out.startswith("✓ resumed -l tier=1 (paused until ")) == (0, True)
    assert fake.asked[-1][0] == "DELETE"
    assert fake.asked[-1][2]["reason"] == "done"


def test_login_name_goes_along(ask, fake, monkeypatch):
    ask("resume", "--all")
    assert fake.asked[-1][4]["Reconcile-User"] == getpass.getuser()
    monkeypatch.setenv("SUDO_USER", "alíce")
    ask("approve", "abc123")
    assert fake.asked[-1][4]["Reconcile-User"] == "al%C3%ADce"
    ask("status")
    assert "Reconcile-User" not in fake.asked[-1][4]


@pytest.mark.parametrize("verb", ["suspend", "pause", "resume"])
def test_json_has_a_format_version(ask, verb):
    code, out, _ = ask(verb, "--all", "-o", "json")
    assert (code, json.loads(out)["format_version"]) == (0, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["suspend"], ["pause", "--drop"], ["resume"], ["suspend", "slack"], ["suspend", "-l", "x"], ["resume", "-l", "=x"],
        ["suspend", "-l", "a=1", "-l", "a=2"], ["suspend", "--all", "--for", "31d"], ["suspend", "--all", "--for", "soon"],
        ["suspend", "--all", "--drop"], ["pause", "--all", "-o", "xml"], ["resume", "--all", "-o", "xml"],
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_asked(ask, fake, arguments):
    code, out, err = ask(*arguments)
    assert (code, out, fake.asked) == (2, "", [])
    assert err


def test_unknown_id_exits_1_with_the_daemons_words(ask, fake):
    words = "no configuration is known as 'slack/aa': did you mean `slack/a`?"
    fake.answers["POST /api/v1/overrides"] = (404, {"error": {"code": "not_found", "message": words}})
    assert ask("suspend", "slack/aa") == (1, "", f"error: {words}\n")


def test_status_and_history_show_overrides(ask):
    _, out, _ = ask("status")
    assert "paused          -l tier=1 (2 configurations) until 1970-01-01 02:00:00 UTC, dropping what is sent" in out
    _, out, _ = ask("history")
    assert "pause by alice" in out
    assert re.search(r"^ +\d\d-\d\d \d\d:\d\d:\d\d +pause by alice", out, re.MULTILINE)
    assert "-l tier=1 until 1970-01-01 02:00:00 UTC: a freeze" in out


# --- a real daemon ------------------------------------------------------------------------------------------------


def reconcile(root, *arguments):
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30)


class Daemon:
    def __init__(self, root):
        self.err = root / "stderr"
        environ = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        with self.err.open("a") as err:
            command = [sys.executable, "-m", "reconciler", "--watch"]
            self.process = subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.DEVNULL, stderr=err)

    def wait_for(self, text):
        deadline = time.monotonic() + 20
        while text not in self.err.read_text():
            assert self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline, f"{text!r} never came: {self.err.read_text()}"
            time.sleep(0.02)


@pytest.fixture
def start(tmp_path):
    """Start a daemon over `tmp_path`; what it said before is forgotten."""
    running = []

    def begin():
        (tmp_path / "stderr").unlink(missing_ok=True)
        running.append(Daemon(tmp_path))
        running[-1].wait_for("✓ ready")
        return running[-1]

    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(CONFIG)
    yield begin
    for one in running:
        one.process.kill()
        one.process.wait()


@pytest.mark.slow
def test_suspension_over_a_restart(start, tmp_path):
    daemon = start()
    done = reconcile(tmp_path, "suspend", "-l", "tier=1", "--for", "2h", "--reason", "a freeze")
    assert done.stdout.startswith("‖ suspended -l tier=1 (1 configuration) until "), done.stderr
    (tmp_path / "configs" / "a.yaml").write_text(CONFIG.replace("{}", '{prefix: "! "}'))
    daemon.wait_for("… console/a has changed and waits")
    assert oct((tmp_path / ".reconcile" / "state.db").stat().st_mode & 0o777) == "0o600"
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    daemon = start()
    daemon.wait_for("‖ -l tier=1 is still suspended until ")
    assert "active (suspended) (stale)" in reconcile(tmp_path, "get").stdout
    assert "[suspended]" in reconcile(tmp_path, "plan").stdout
    assert f"by {getpass.getuser()}: a freeze" in reconcile(tmp_path, "status").stdout
    assert reconcile(tmp_path, "resume", "-l", "tier=1").returncode == 0
    daemon.wait_for("~ console/a updated")
    assert "resume by " in reconcile(tmp_path, "history").stdout


@pytest.mark.slow
def test_refusals_of_a_real_daemon(start, tmp_path):
    start()
    for line, code, text in [
        ("suspend console/aa", 1, "did you mean `console/a`?"),
        ("pause --integration consol", 1, "did you mean `console`?"),
        ("resume console/a", 1, "console/a is neither suspended nor paused"),
        ("approve 000000000000", 1, "nothing to approve"),
        ("suspend --all --for 1s", 0, ""),
    ]:
        done = reconcile(tmp_path, *line.split())
        assert (done.returncode, text in done.stderr) == (code, True), (line, done.stdout, done.stderr)
