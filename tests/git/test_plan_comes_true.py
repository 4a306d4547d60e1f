"""What the plan between two commits says is what a daemon then does that ran the first and is given the second."""

import pytest

from reconciler.compose.offline.between import plan_between
from reconciler.compose.options import EngineOptions
from reconciler.testing import Harness

ONLY_CONSOLE = '[[folder]]\npath = "**"\nintegrations = ["console"]\n'


@pytest.fixture
def daemon(repo_at):
    with Harness() as harness:
        repo = repo_at(harness.directory)
        for name in "abcdefgh":
            repo.config(f"{name}.yaml")
        repo.config("hook.yaml", integration="webhook", extra="settings: {url: http://127.0.0.1:9/}\n")
        repo.commit("old")
        harness.settle()
        yield harness, repo


def carried_out(harness, before):
    records = [one for one in harness.manager.engine.history(50).result(5) if one.number > before]
    return {(action["kind"], action["key"]) for one in records for action in one.actions}


def planned(harness, after="new"):
    return plan_between(EngineOptions(harness.directory, harness.directory / ".state"), "old", after).comparison.plan


def test_plan_comes_true(daemon):
    harness, repo = daemon
    seen = harness.manager.engine.status().passes
    repo.config("a.yaml", extra="settings: {prefix: x}\n")
    repo.config("b.yaml", extra="description: x\n")
    repo.config("c.yaml", extra="enabled: false\n")
    repo.write("d.yaml", "[")
    repo.git("mv", "e.yaml", "moved.yaml")
    repo.config("other.yaml", name="f")
    repo.remove("g.yaml")
    repo.remove("hook.yaml")
    repo.config("new.yaml", extra="labels: {tier: '1'}\n")
    repo.commit("new")
    expected = {(action.kind.value, action.key) for action in planned(harness).actions}
    harness.settle()
    harness.advance(5)
    assert carried_out(harness, seen) == expected
    assert ("shutdown", "webhook") in expected


def test_held_removals_have_the_digest_that_the_daemon_asks_for(daemon):
    harness, repo = daemon
    for name in "abcd":
        repo.remove(f"{name}.yaml")
    repo.commit("new")
    plan = planned(harness)
    harness.settle()
    harness.advance(5)
    assert len(plan.held) == 4
    assert harness.manager.engine.status().held_digest == plan.digest


def test_policy_that_is_tightened_comes_true(daemon):
    harness, repo = daemon
    seen = harness.manager.engine.status().passes
    repo.write("reconcile.toml", ONLY_CONSOLE)
    repo.commit("new")
    expected = {(action.kind.value, action.key) for action in planned(harness).actions}
    harness.settle()
    harness.advance(5)
    assert carried_out(harness, seen) == expected == {("stop", "webhook/hook"), ("shutdown", "webhook")}
