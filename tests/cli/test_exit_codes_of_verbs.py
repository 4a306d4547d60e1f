"""The table of DESIGN's exit codes: for every verb a line that ends with 0, one with 2, and one with 1 where it can.

In process, with a daemon that answers from values where the verb asks one; `test_exit_codes.py` starts processes.
"""

import shlex

import pytest

from reconciler.cli.app import run
from reconciler.cli.tree import VERBS

CASE = "cases:\n  - name: a\n    event: {type: build.finished}\n    expect: {console/a: %s}\n"
GOOD = "integration: console\nname: a\nsettings: {}\nevents:\n  - type: build.finished\n"
BAD = "integration: console\nname: b\nsettings: {}\nevnts: []\n"
CLEAN = [
    "validate", "explain", "explain unknown-key", "plan --dir configs", "status", "get", "get slack/a", "history",
    "integrations", "schema", "emit build.finished", "approve 53878a0ec400", "retry slack/a", "forget slack/a x",
    "suspend slack/a --reason x", "pause -l tier=1 --reason x", "resume slack/a", "init", "new config console/x",
    "new integration pager", "test", "trace --type build.finished",
]  # fmt: skip
FINDINGS = ["validate bad", "test --dir bad", "get slack/b", "get slack/nobody", "trace --type x --exit-code"]
"""Findings, or nothing where something was asked for."""
ASKING = [
    "plan", "status", "get", "get slack/a", "history", "integrations", "emit x", "approve 53878a0ec400", "retry slack/a",
    "forget slack/a", "suspend slack/a --reason x", "pause -l tier=1 --reason x", "resume slack/a",
]  # fmt: skip
"""What a daemon can say no to."""
NEVER_ONE = {"explain", "schema", "init", "new"}
"""They look nothing over and ask nobody: done, or could not."""
REFUSED = [
    "validate nowhere", "explain no-such-rule", "plan -o xml", "status -o xml", "get no-id", "get --state dead",
    "history --limit 0", "integrations -o xml", "schema consle", "emit", "approve", "retry", "forget", "suspend", "pause",
    "resume", "init --ci nope", "new config consle/a", "new integration 0", "test nowhere", "trace",
]  # fmt: skip


@pytest.fixture
def ask(fake, tmp_path, monkeypatch, capsys):
    """Run a line where a good and a bad directory are, with a daemon to ask: its exit code, and what it wrote."""
    for folder, text, received in (("configs", GOOD, "true"), ("bad", BAD, "false")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.test.yaml").write_text(CASE % received, encoding="utf-8")
        (tmp_path / folder / "a.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    fake.answers["POST /api/v1/forget"] = (200, {"format_version": 1, "forgotten": 1})

    def call(line):
        code = run(shlex.split(line))
        return code, *capsys.readouterr()

    monkeypatch.setenv("RECONCILE_STATE_DIR", str(tmp_path))
    return call


@pytest.mark.parametrize("line", CLEAN)
def test_verb_that_does_its_work_exits_0(ask, line):
    code, out, err = ask(line)
    assert code == 0, out + err


@pytest.mark.parametrize("line", FINDINGS)
def test_verb_that_finds_something_exits_1(ask, line):
    code, out, err = ask(line)
    assert code == 1, out + err


@pytest.mark.parametrize("line", ASKING)
def test_daemon_that_says_no_is_a_failure(ask, fake, line):
    no = (409, {"error": {"code": "conflict", "message": "not now"}})
    fake.answers = dict.fromkeys(fake.answers, no)
    code, out, err = ask(line)
    assert (code, out) == (1, "")
    assert "not now" in err


def test_status_that_needs_a_person_and_a_plan_with_changes_exit_1(ask, fake):
    assert ask("plan --exit-code")[0] == 1
    fake.answers["GET /api/v1/status"][1]["alarms"] = ["the disk is full"]
    assert ask("status")[0] == 1


def test_integration_that_failed_exits_1(ask, fake):
    fake.answers["GET /api/v1/integrations"][1]["items"][0]["state"] = "failed"
    assert ask("integrations")[0] == 1


@pytest.mark.parametrize("line", REFUSED)
def test_verb_that_could_not_run_exits_2_with_a_sentence_and_nothing_on_stdout(ask, line):
    code, out, err = ask(line)
    assert (code, out) == (2, "")
    assert err.strip()
    assert "Traceback" not in err


@pytest.mark.parametrize("lines", [CLEAN, REFUSED])
def test_no_verb_is_missing(lines):
    assert {line.split()[0] for line in lines} == set(VERBS)


def test_verbs_that_can_exit_1_are_those_that_look_or_ask():
    assert {line.split()[0] for line in [*FINDINGS, *ASKING]} == set(VERBS) - NEVER_ONE
