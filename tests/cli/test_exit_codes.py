"""Every verb through a real process: exit codes, where things are written, and never a traceback for a mistake."""

import json
import os
import socket
import subprocess
import sys

import pytest

GOOD = "integration: console\nname: a\nsettings: {}\nevents:\n  - type: build.finished\n"
BAD = "integration: console\nname: b\nsettings: {}\nevnts: []\n"


@pytest.fixture
def reconcile(tmp_path):
    """Run `reconcile` in a directory with one good and one bad root: a CompletedProcess."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(GOOD)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "b.yaml").write_text(BAD)

    def call(*arguments, stdin="", **environ):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        command = [sys.executable, "-W", "error", "-m", "reconciler", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=kept | environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return call


CASES = [
    ("--version", 0), ("-V", 0), ("--help", 0), ("-h", 0), ("validate --help", 0), ("new config --help", 0),
    ("--nope", 2), ("stauts", 2), ("--listen 127.0.0.1:0", 2), ("--dir nowhere", 2), ("--log-format xml", 2),
    ("--watch --grace soon", 2), ("--watch --prune-limit many", 2), ("--watch --allow-network 10.0.0.1/8", 2),
    ("--watch --listen 8787", 2), ("--watch --log-level loud", 2), ("--watch --dir nowhere", 2),
    ("", 0), ("--dir bad", 1), ("--integrations ,", 2),
    ("validate", 0), ("validate bad", 1), ("validate bad configs", 1), ("validate configs/a.yaml", 0),
    ("validate nowhere", 2), ("validate --dir nowhere", 2), ("validate --format xml", 2), ("validate --nope", 2),
    ("validate --format json,text", 2), ("validate --jobs many", 2), ("validate --jobs -1", 2),
    ("validate bad --format text,json=out.json", 1), ("validate --format json=nowhere/out.json", 2),
    ("plan", 0), ("plan --exit-code", 1), ("plan --dir bad", 1), ("plan --dir nowhere", 2), ("plan -o xml", 2),
    ("plan --server http://127.0.0.1:1", 2),
    ("status", 2), ("status --server ftp://x", 2), ("status --token-file nowhere", 2), ("status -o xml", 2),
    ("get", 2), ("get console/a", 2), ("get --state dead", 2), ("get -l x", 2), ("get console", 2),
    ("history", 2), ("history --limit 0", 2), ("retry console/a", 2), ("retry", 2), ("approve abc", 2),
    ("integrations", 0), ("integrations -o json", 0), ("integrations -o yaml", 0), ("integrations -o xml", 2),
    ("schema", 0), ("schema console", 0), ("schema consle", 2), ("schema --output nowhere/x.json", 2),
    ("emit x", 2), ("emit", 2), ("emit x --data {", 2), ("emit @nowhere", 2),
    ("status --server http://[::1", 2), ("status --server http://x:99999", 2), ("status --token-file /dev/zero", 2),
    ("--watch --token-file /dev/zero", 2), ("emit @/dev/zero", 2), ("emit x --data @/dev/zero", 2),
    ("validate --dir=", 2), ("--dir=", 2), ("--watch --state-dir=", 2), ("plan --secrets-dir=", 2),
    ("init", 0), ("init --dry-run", 0), ("init --ci nope", 2), ("init configs/a.yaml", 2), ("init --config consle/a", 2),
    ("init --dir ../x", 2), ("schema --report", 0), ("schema --toml", 0), ("schema console --report", 2),
    ("new", 2), ("new integration pager", 0), ("new integration 0", 2), ("new config console/new", 0),
    ("new config console/a_", 2), ("new config consle/a", 2), ("new config console", 2),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("line", "code"), CASES, ids=lambda value: str(value) or "(bare)")
def test_verb_exits(reconcile, line, code):
    done = reconcile(*line.split())
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    if code == 2:
        assert done.stdout == ""
        assert done.stderr.strip()


def test_nothing_is_overwritten(reconcile):
    assert reconcile("new", "config", "console/x").returncode == 0
    again = reconcile("new", "config", "console/x")
    assert (again.returncode, again.stderr) == (2, "error: configs/console/x.yaml exists: nothing was changed\n")


def test_misspelt_verb_gets_a_suggestion(reconcile):
    assert "did you mean 'status'?" in reconcile("stauts", COLUMNS="200").stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [("--dir nowhere", "the directory nowhere does not exist (--dir names another"),
     ("plan --dir nowhere", "the directory nowhere does not exist (--dir names another"),
     ("--dir configs/a.yaml", "the directory configs/a.yaml is a file: name the directory that holds it"),
     ("validate --dir nowhere", "the directory nowhere does not exist (a PATH or --dir names another; `reconcile init`"),
     ("validate nowhere", "nowhere does not exist\n")],
)  # fmt: skip
def test_root_that_will_not_do_says_why(reconcile, line, told):
    assert f"error: {told}" in reconcile(*line.split()).stderr


def test_new_integration_with_the_id_of_an_installed_one_is_refused(reconcile, tmp_path):
    done = reconcile("new", "integration", "slack")
    assert (done.returncode, "'slack' is installed already" in done.stderr) == (2, True)
    assert not (tmp_path / "reconcile-slack").exists()


def test_address_in_use_is_one_sentence_and_initializes_nothing(reconcile):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = reconcile("--watch", "--listen", address)
    told = f"error: cannot listen on {address}: the address is in use; stop what listens there, or choose another"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{told} with --listen\n")


def test_missing_daemon_says_what_to_start(reconcile):
    done = reconcile("status", "--state-dir", "s")
    assert done.stderr.startswith("error: no daemon answers at s/reconcile.sock: start one with `reconcile --watch`")


@pytest.mark.parametrize(
    ("environ", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)]
)
def test_colour_follows_the_environment(reconcile, environ, coloured):
    done = reconcile("validate", "bad", **environ)
    assert ("\x1b[" in done.stdout) is coloured


def test_findings_name_files_from_where_the_user_stands(reconcile):
    assert "bad/b.yaml:4:1: error[unknown-key]" in reconcile("validate", "bad").stdout


def test_reader_that_leaves_early_gets_no_traceback(reconcile, tmp_path):
    command = f"{sys.executable} -m reconciler validate bad | true"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert done.stderr == ""


def test_ascii_terminal_gets_escapes(reconcile):
    done = reconcile("validate", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout[:6]) == (0, "\\u2713")


def shell(root, line):
    command = ["sh", "-c", line.replace("reconcile", f"'{sys.executable}' -W error -m reconciler", 1)]
    done = subprocess.run(command, cwd=root, stderr=subprocess.PIPE, text=True, timeout=50, check=False)
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["validate configs", "--version", "explain unknown-key", "--dir configs"])
def test_output_that_cannot_be_written_is_told_in_one_sentence(reconcile, tmp_path, verb):
    assert shell(tmp_path, f"reconcile {verb} >/dev/full") == (2, "error: no space left on device\n")
    assert shell(tmp_path, f"reconcile {verb} >&-") == (2, "error: bad file descriptor\n")
    assert shell(tmp_path, f"reconcile {verb} >&- 2>&- <&-") == (2, "")


@pytest.mark.slow
def test_report_in_a_file_is_whole_where_stdout_is_closed(reconcile, tmp_path):
    assert shell(tmp_path, "reconcile validate bad --format json=out.json >&-") == (1, "")
    assert json.loads((tmp_path / "out.json").read_text())["summary"]["errors"] == 1
