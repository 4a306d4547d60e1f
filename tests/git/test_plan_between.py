"""The plan between two commits: what a pull request would do, out of git's objects alone."""

import os

import pytest

from reconciler.model.errors import RootUnreadable
from reconciler.model.secret import MASK

SLACK = 'settings:\n  bot_token: {token}\n  channel: "#{channel}"\n'


def actions(report):
    return [(a.kind.value, a.key, a.held) for a in report.comparison.plan.actions]


def kinds(report):
    return {c.id.partition("/")[2]: c.kind.value for c in report.comparison.configs}


def test_added_changed_removed_and_moved_are_told_apart(repo):
    repo.config("configs/a.yaml", extra="description: new\n")
    repo.remove("configs/b.yaml")
    repo.git("mv", "configs/c.yaml", "configs/moved.yaml")
    repo.config("configs/d.yaml")
    repo.commit("new")
    report = repo.plan()
    assert kinds(report) == {"a": "changed", "b": "removed", "c": "moved", "d": "added"}
    assert actions(report) == [
        ("remove", "console/b", False), ("start", "console/d", False), ("reroute", "console/a", False),
    ]  # fmt: skip
    assert report.comparison.configs[0].changes[0].path == ("description",)


def test_nothing_of_the_work_tree_or_the_index_is_read_or_written(repo):
    repo.config("configs/d.yaml")
    repo.commit("new")
    repo.git("checkout", "-q", "old")
    repo.write("configs/a.yaml", "[")
    (repo.top / ".git" / "index").write_bytes(b"broken")
    assert actions(repo.plan()) == [("start", "console/d", False)]
    assert (repo.top / ".git" / "index").read_bytes() == b"broken"


def test_first_and_last_configuration_bring_their_integration_up_and_down(repo):
    for name in "abc":
        repo.remove(f"configs/{name}.yaml")
    repo.config("configs/w.yaml", integration="webhook", extra="settings: {url: https://example.com/}\n")
    repo.commit("new")
    assert actions(repo.plan(prune_limit="100%"))[-4:] == [
        ("remove", "console/c", False), ("shutdown", "console", False),
        ("initialize", "webhook", False), ("start", "webhook/w", False),
    ]  # fmt: skip


def test_file_that_breaks_keeps_what_ran_and_the_finding_is_new(repo):
    repo.write("configs/old.yaml", "[")
    repo.commit("broken")
    repo.config("configs/a.yaml", extra="nonsense: 1\n")
    repo.write("configs/b.yaml", "integration: console\nname: b\nx: [\n")
    repo.commit("new")
    report = repo.plan("broken")
    assert actions(report) == []
    assert [(c.id, c.kind.value, c.keeps) for c in report.comparison.configs] == [
        ("console/a", "broken", True), ("console/b", "broken", True),
    ]  # fmt: skip
    assert [d.span.file for d in report.diagnostics] == ["a.yaml", "b.yaml"]
    assert report.known == 1


def test_new_configuration_that_is_broken_runs_nothing(repo):
    repo.config("configs/d.yaml", extra="nonsense: 1\n")
    repo.commit("new")
    (change,) = repo.plan().comparison.configs
    assert (change.kind.value, change.keeps, change.enabled) == ("broken", False, None)


def test_repaired_configuration_starts(repo):
    repo.config("configs/a.yaml", extra="nonsense: 1\n")
    repo.commit("broken")
    repo.config("configs/a.yaml")
    repo.commit("new")
    report = repo.plan("broken")
    assert (kinds(report), actions(report)) == ({"a": "repaired"}, [("start", "console/a", False)])


def test_duplicate_keeps_what_ran(repo):
    repo.config("configs/other.yaml", name="a")
    repo.commit("new")
    report = repo.plan()
    assert [(c.id, c.presence.value, c.keeps) for c in report.comparison.configs] == [("console/a", "duplicate", True)]
    assert {d.span.file for d in report.diagnostics} == {"a.yaml", "other.yaml"}


def test_disabled_configuration_that_is_added_has_no_effect(repo):
    repo.config("configs/d.yaml", extra="enabled: false\n")
    repo.commit("new")
    assert (actions(repo.plan()), kinds(repo.plan())) == ([], {"d": "added"})


def test_many_removals_are_held_as_a_daemon_would_with_its_digest(repo):
    for name in "defgh":
        repo.config(f"configs/{name}.yaml")
    repo.commit("more")
    for name in "abcdef":
        repo.remove(f"configs/{name}.yaml")
    repo.commit("new")
    report = repo.plan("more")
    assert actions(report) == [("remove", f"console/{name}", True) for name in "abcdef"]
    assert report.comparison.verdict.reason == "6 of 8 configurations would be removed within 10 minutes"
    assert len(report.comparison.plan.digest) == 12
    assert not any(held for _, _, held in actions(repo.plan("more", prune_limit="6")))


def test_directory_that_goes_is_held_however_few_there_are(repo):
    for name in "abc":
        repo.remove(f"configs/{name}.yaml")
    repo.commit("new")
    report = repo.plan(prune_limit="100%")
    assert all(held for _, _, held in actions(report))
    assert "directory" in report.comparison.verdict.reason


def test_directory_that_comes_is_added(repo):
    repo.config("other/x.yaml")
    repo.commit("new")
    assert actions(repo.plan(folder="other"))[-1:] == [("start", "console/x", False)]


def test_directory_that_is_nowhere_is_an_error(repo):
    repo.commit("new")
    with pytest.raises(RootUnreadable, match="neither in old nor in new"):
        repo.plan(folder="confgs")


def test_secret_stands_as_its_reference(repo):
    for tag, name in (("one", "OLD"), ("new", "NEW")):
        token = f'{{secret: "env:{name}"}}'
        repo.config("configs/s.yaml", integration="slack", extra=SLACK.format(token=token, channel="x"))
        repo.commit(tag)
    (change,) = repo.plan("one").comparison.configs[0].changes
    assert (change.path[-2:], change.old, change.new) == (("bot_token", "secret"), "env:OLD", "env:NEW")


def test_literal_at_the_place_of_a_secret_is_masked_everywhere(repo):
    for tag, literal in (("one", "xoxb-111-sesame"), ("new", "xoxb-222-sesame")):
        repo.config("configs/s.yaml", integration="slack", extra=SLACK.format(token=literal, channel="x"))
        repo.commit(tag)
    report = repo.plan("one", allow_plaintext_secrets=True)
    (change,) = report.comparison.configs[0].changes
    assert (change.path, change.old, change.new) == (("settings", "bot_token"), MASK, MASK)
    assert "sesame" not in repr(report)


def test_literal_that_is_added_with_its_settings_is_masked(repo):
    repo.config("configs/s.yaml", integration="slack", extra=SLACK.format(token="xoxb-111-sesame", channel="x"))
    repo.commit("one")
    repo.config(
        "configs/s.yaml",
        integration="slack",
        extra='enabled: false\nsettings: {webhook_url: "https://h.example/sesame"}\n',
    )
    repo.commit("new")
    assert "sesame" not in repr(repo.plan("one", allow_plaintext_secrets=True))


def test_three_dots_compare_with_where_the_histories_parted(repo):
    repo.git("checkout", "-q", "-b", "topic")
    repo.config("configs/d.yaml")
    repo.commit("new")
    repo.git("checkout", "-q", "main")
    repo.remove("configs/a.yaml")
    repo.commit("ahead")
    assert actions(repo.plan("main...", "topic")) == [("start", "console/d", False)]
    assert ("start", "console/a", False) in actions(repo.plan("main", "topic"))


def test_limits_of_each_side_are_its_own(repo):
    repo.write("configs/reconcile.toml", "[limits]\nmax_files = 2\n")
    repo.commit("new")
    report = repo.plan()
    assert kinds(report) == {"c": "removed"}
    assert [(d.rule, d.span.file) for d in report.diagnostics] == [("validation-limit", "reconcile.toml")]


def test_submodule_is_said_not_to_be_compared(repo, tmp_path):
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo.top), "configs/vendor")
    repo.commit("new")
    report = repo.plan()
    assert report.notes == ("vendor is a submodule: what is in it is not compared",)
    assert actions(report) == []


def test_pointer_of_lfs_is_said_to_be_one_and_keeps_what_ran(repo):
    repo.write("configs/a.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
    repo.commit("new")
    report = repo.plan()
    assert "Git LFS" in report.diagnostics[0].message
    assert report.comparison.configs[0].keeps


def test_root_that_is_a_link_is_followed_at_each_commit(repo):
    repo.config("green/a.yaml")
    repo.config("blue/z.yaml")
    (repo.top / "live").symlink_to("green")
    repo.commit("one")
    (repo.top / "live").unlink()
    (repo.top / "live").symlink_to("blue")
    repo.commit("new")
    assert kinds(repo.plan("one", folder="live")) == {"a": "removed", "z": "added"}


def test_root_that_is_the_top_of_the_repository_is_read(repo):
    repo.config("configs/d.yaml")
    repo.commit("new")
    assert actions(repo.plan(folder=".")) == [("start", "console/d", False)]


def test_bare_repository_has_plans_too(repo, tmp_path, monkeypatch):
    repo.config("configs/d.yaml")
    repo.commit("new")
    repo.git("clone", "-q", "--bare", str(repo.top), str(tmp_path / "bare"))
    repo.top = tmp_path / "bare"
    assert actions(repo.plan()) == [("start", "console/d", False)]


def test_source_of_a_finding_is_what_the_commit_holds(repo):
    repo.write("configs/a.yaml", "[")
    repo.commit("new")
    os.unlink(repo.top / "configs/a.yaml")
    assert repo.plan().source("a.yaml") == b"["


ONLY_SLACK = '[[folder]]\npath = "**"\nintegrations = ["slack"]\n'


def test_loosened_policy_starts_what_it_allows(repo):
    repo.write("configs/reconcile.toml", ONLY_SLACK)
    repo.commit("strict")
    repo.remove("configs/reconcile.toml")
    repo.commit("new")
    assert set(kinds(repo.plan("strict")).values()) == {"repaired"}
    assert len(actions(repo.plan("strict"))) == 4
