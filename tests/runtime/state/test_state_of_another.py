"""A state directory that another engine uses, or that is only looked at: nothing in it is touched."""

import json
import sqlite3
import time
from contextlib import closing

import pytest

from reconciler.cli.app import run
from reconciler.compose.offline.plan import offline_plan
from reconciler.compose.options import EngineOptions
from reconciler.model.errors import StateError, StateLocked
from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.runtime.state.state_store import peek_good
from reconciler.testing import Harness

GOOD = {"integration": "console", "name": "a"}


@pytest.fixture
def harness():
    with Harness() as running:
        running.write("a.yaml", GOOD)
        yield running


def state_of(harness):
    return harness.directory.parent / "state"


def contents(folder):
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir() if file.is_file()}


def plan(harness):
    return offline_plan(EngineOptions(harness.directory, state_of(harness))).plan


def set_version(folder, number):
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version={number}")


@pytest.mark.parametrize(("role", "refusal"), [("runner", StateLocked), ("auto", StateError), ("worker", StateError)])
def test_process_that_is_refused_leaves_a_state_that_it_does_not_understand(harness, role, refusal):
    set_version(state_of(harness), 99)
    second = type(harness.manager)(harness.directory, state_dir=state_of(harness), watch=False, role=role)
    with pytest.raises(refusal):
        second.start()
    assert not list(state_of(harness).glob("*.corrupt-*"))
    set_version(state_of(harness), 1)


def test_offline_plan_compares_with_what_was_accepted_and_changes_nothing(harness):
    harness.stop()
    harness.write("a.yaml", {**GOOD, "enabled": False}, settle=False)
    harness.write("b.yaml", {**GOOD, "name": "b"}, settle=False)
    before = contents(state_of(harness))
    assert [(action.kind, action.key) for action in plan(harness).actions] == [
        ("stop", "console/a"), ("start", "console/b"),
    ]  # fmt: skip
    assert contents(state_of(harness)) == before


def test_plan_without_a_daemon_speaks_of_what_was_accepted_and_not_of_what_runs(harness, capsys):
    harness.stop()
    assert run(["plan", "--dir", str(harness.directory), "--state-dir", str(state_of(harness))]) == 0
    assert capsys.readouterr().out == (
        "✓ Nothing to do: the files ask for what was accepted last. "
        "Secrets are not tried: `reconcile validate --resolve-secrets` does.\n"
    )


@pytest.mark.parametrize(
    ("file", "comes"), [("a.yaml", "what they asked for last stays"), ("b.yaml", "what is wrong does not start")]
)
def test_offline_plan_says_what_comes_of_errors(harness, capsys, file, comes):
    harness.stop()
    (harness.directory / file).write_text("integration: [")
    assert run(["plan", "--dir", str(harness.directory), "--state-dir", str(state_of(harness))]) == 1
    assert f"the files have errors: {comes}\n" in capsys.readouterr().out


def test_offline_plan_without_a_state_starts_from_nothing(tmp_path, harness):
    found = offline_plan(EngineOptions(harness.directory, tmp_path / "none")).plan
    assert [(action.kind, action.key) for action in found.actions] == [
        ("initialize", "console"), ("start", "console/a"),
    ]  # fmt: skip
    assert not (tmp_path / "none").exists()


def test_offline_plan_on_a_corrupt_state_is_a_sentence_and_leaves_it(harness):
    harness.stop()
    (state_of(harness) / "state.db").write_bytes(b"not a database" * 500)
    before = contents(state_of(harness))
    with pytest.raises(StateError, match=r"cannot read .*state\.db: file is not a database"):
        plan(harness)
    assert contents(state_of(harness)) == before


def test_offline_plan_sees_what_a_killed_daemon_left_in_its_log(harness):
    harness.wait_until(lambda: "console/a" in peek_good(state_of(harness)))
    assert (state_of(harness) / "state.db-wal").exists()
    harness.write("b.yaml", {**GOOD, "name": "b"}, settle=False)
    assert [(action.kind, action.key) for action in plan(harness).actions] == [("start", "console/b")]


def marked(plan):
    return [(action.kind, action.key, action.suspended) for action in plan.actions]


@pytest.mark.parametrize("selector", [Selector.of(integration="console"), Selector()], ids=str)
@pytest.mark.parametrize(
    "files",
    [
        {"a.yaml": {**GOOD, "description": "new"}},
        {"a.yaml": {**GOOD, "enabled": False}, "b.yaml": {**GOOD, "name": "b"}},
        {"a.yaml": None},
        {},
    ],
)
def test_offline_plan_marks_what_is_suspended_as_the_daemon_does(harness, selector, files):
    harness.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, selector), "alice")
    harness.settle()
    for name, content in files.items():
        if content is None:
            harness.delete(name, settle=False)
        else:
            harness.write(name, content, settle=False)
    harness.settle()
    harness.advance(5)
    of_daemon = marked(harness.manager.engine.plan())
    assert (len(of_daemon), all(one[2] for one in of_daemon)) == (len(files), True)
    assert marked(plan(harness)) == of_daemon


def test_offline_plan_leaves_one_that_is_suspended_on_what_started_last(harness):
    """Its newer version was accepted and did not start: the files still ask for that, and it waits."""
    harness.write("a.yaml", {**GOOD, "description": "new"})
    harness.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, Selector()), "alice")
    harness.stop()
    with closing(sqlite3.connect(state_of(harness) / "state.db")) as connection, connection:
        connection.execute("UPDATE good SET applied_doc = ?", (json.dumps(GOOD),))
    assert marked(plan(harness)) == [("reroute", "console/a", True)]


def test_offline_plan_goes_by_no_suspension_that_is_over_and_by_no_pause(harness):
    engine, now = harness.manager.engine, time.time()
    engine.overrides.impose(OverrideRequest(OverrideKind.PAUSE, Selector()), "alice")
    engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, Selector(), 60.0), "alice")
    harness.stop()
    with closing(sqlite3.connect(state_of(harness) / "state.db")) as connection, connection:
        connection.execute("UPDATE override SET since = ?, until = ? WHERE kind = 'suspend'", (now - 60.0, now - 1.0))
    harness.write("a.yaml", {**GOOD, "description": "new"}, settle=False)
    assert marked(plan(harness)) == [("reroute", "console/a", False)]
