"""`validate --changed-since`: what differs is checked, and what stands between files is found in all of them."""

import os
import random
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.cli.app import run
from reconciler.config.git.changes import asking
from reconciler.config.git.command import GitError
from reconciler.config.git.repository import find_repository
from reconciler.config.run.run import RunOptions, validate_paths

BETWEEN = {"duplicate-id", "dangling-fallback", "disabled-fallback", "hook-collision", "unknown-config"}
FALLBACK = "delivery:\n  fallback: console/{}\n"


@pytest.fixture
def check(repo, monkeypatch):
    monkeypatch.chdir(repo.top)

    def check(*paths, since="old", jobs=1):
        return validate_paths([Path(p) for p in paths or ("configs",)], RunOptions(jobs, changed_since=since))

    return check


def found(result):
    return [(d.rule, d.span.file.removeprefix("configs/"), d.span.line) for d in result.diagnostics]


def test_only_what_differs_is_checked(repo, check):
    repo.write("configs/old.yaml", "[")
    repo.commit("older")
    repo.write("configs/edited.yaml", "{")
    repo.write("configs/staged.yaml", "}")
    repo.git("add", "configs/staged.yaml")
    repo.write(".gitignore", "ignored.yaml\n")
    repo.write("configs/ignored.yaml", "@")
    result = check(since="older")
    assert [file for _, file, _ in found(result)] == ["edited.yaml", "ignored.yaml", "staged.yaml"]
    assert (result.files, result.configs) == (3, 0)
    commit = repo.git("rev-parse", "older")[:12]
    assert result.notes == (f"3 of 7 files are checked: those that differ from older ({commit})",)


def test_nothing_changed_checks_nothing(check):
    result = check()
    assert (result.files, result.diagnostics) == (0, ())


def test_duplicate_of_an_unchanged_file_is_told_at_both_places(repo, check):
    repo.config("configs/new.yaml", name="b")
    assert found(check()) == [("duplicate-id", "b.yaml", 2), ("duplicate-id", "new.yaml", 2)]


def test_deleted_target_of_an_unchanged_fallback_dangles(repo, check):
    repo.config("configs/d.yaml", extra=FALLBACK.format("a"))
    repo.commit("with")
    repo.remove("configs/a.yaml")
    assert found(check(since="with")) == [("dangling-fallback", "d.yaml", 4)]


def test_fallback_to_an_unchanged_file_does_not_dangle(repo, check):
    repo.config("configs/d.yaml", extra=FALLBACK.format("a"))
    assert found(check()) == []


def test_fallback_to_an_unchanged_file_that_is_broken_dangles_as_ever(repo, check):
    repo.write("configs/a.yaml", "integration: console\nname: a\nx: [\n")
    repo.commit("broken")
    repo.config("configs/d.yaml", extra=FALLBACK.format("a"))
    assert found(check(since="broken")) == [("dangling-fallback", "d.yaml", 4)]


def test_settings_that_changed_have_everything_checked_and_say_so(repo, check):
    repo.write("configs/old.yaml", "[")
    repo.commit("older")
    repo.write("configs/reconcile.toml", "[limits]\nmax_files = 9\n")
    result = check(since="older")
    assert [file for _, file, _ in found(result)] == ["old.yaml"]
    assert result.notes[0].startswith("all files are checked: reconcile.toml differs from older")


def test_schema_that_the_settings_name_has_everything_checked(repo, check):
    repo.write("configs/old.yaml", "[")
    repo.write("configs/reconcile.toml", '[[folder]]\npath = "**"\nsettings.console = "policies/console.json"\n')
    repo.write("configs/policies/console.json", "{}")
    repo.commit("older")
    assert check(since="older").files == 0
    repo.write("configs/policies/console.json", '{"properties": {"prefix": {"maxLength": 5}}}')
    result = check(since="older")
    assert [file for _, file, _ in found(result)] == ["old.yaml"]
    assert "policies/console.json differs" in result.notes[0]


def test_comment_in_an_unchanged_file_still_keeps_a_warning_out(repo, check):
    repo.config("configs/d.yaml", extra="delivery:\n  fallback: console/a  # reconcile: ignore[dangling-fallback]\n")
    repo.commit("with")
    assert found(check(since="with")) == []
    repo.remove("configs/a.yaml")
    assert found(check(since="with")) == []


TESTED = "cases:\n  - {name: t, event: {type: a.b}, expect: {console/a: true}}\n  - {name: u, file: e.json, expect: nobody}\n"


def test_case_about_what_is_gone_is_told_though_its_file_is_unchanged(repo, check):
    repo.write("configs/t.test.yaml", TESTED)
    repo.write("configs/e.json", '{"specversion": "1.0", "type": "a.b", "source": "/s", "id": "1"}')
    repo.commit("tested")
    assert found(check(since="tested")) == []
    repo.remove("configs/a.yaml")
    repo.write("configs/e.json", "{}")
    assert found(check(since="tested")) == [("unknown-config", "t.test.yaml", 2), ("invalid-event", "t.test.yaml", 3)]


def test_what_is_wrong_with_an_unchanged_test_file_itself_is_not_told(repo, check):
    repo.write("configs/t.test.yaml", "cases: 1\n")
    repo.commit("tested")
    result = check(since="tested")
    assert (found(result), result.files, result.notes[-1]) == ([], 0, "0 of 1 files of test cases are checked")
    repo.write("configs/t.test.yaml", "cases: 2\n")
    assert found(check(since="tested")) == [("wrong-type", "t.test.yaml", 1)]


def test_resource_that_an_unchanged_file_claims_is_told_at_both_places(repo, check, monkeypatch):
    manifest = '{"id": "chatter", "name": "Chatter", "exclusive": ["port:{settings.port}"]}'
    schema = '{"type": "object", "properties": {"port": {"type": "integer"}}, "required": ["port"]}'
    repo.write("lib/chatter-1.dist-info/entry_points.txt", "[reconciler.integrations]\nchatter = chatter\n")
    repo.write("lib/chatter/manifest.json", manifest)
    repo.write("lib/chatter/schema.json", schema)
    monkeypatch.syspath_prepend(str(repo.top / "lib"))
    for name in ("x", "y"):
        repo.config(f"configs/{name}.yaml", integration="chatter", extra="settings: {port: 1}\n")
        repo.commit(name)
    assert check(since="y").files == 0
    expected = [("hook-collision", "x.yaml", 3), ("hook-collision", "y.yaml", 3)]
    assert (found(check(since="x")), found(check(since="y"))) == (expected, expected)


def test_single_file_whose_root_has_other_settings_is_checked(repo, check):
    repo.write("configs/old.yaml", "[")
    repo.commit("older")
    assert check("configs/old.yaml", since="older").files == 0
    repo.write("configs/reconcile.toml", "[limits]\nmax_files = 9\n")
    assert check("configs/old.yaml", since="older").files == 1


def test_schema_in_the_repository_that_changed_has_everything_checked(repo, check, monkeypatch):
    repo.write("configs/old.yaml", "[")
    repo.write("lib/chatter-1.dist-info/entry_points.txt", "[reconciler.integrations]\nchatter = chatter\n")
    repo.write("lib/chatter/manifest.json", '{"id": "chatter", "name": "Chatter"}')
    repo.write("lib/chatter/schema.json", '{"type": "object"}')
    repo.commit("older")
    monkeypatch.syspath_prepend(str(repo.top / "lib"))
    assert found(check(since="older")) == []
    repo.write("lib/chatter/integration.py", "# code is not run\n")
    assert found(check(since="older")) == []
    repo.write("lib/chatter/schema.json", '{"type": "object", "required": ["x"]}')
    result = check(since="older")
    assert [file for _, file, _ in found(result)] == ["old.yaml"]
    assert "the integration chatter differs" in result.notes[0]


def test_file_that_git_was_told_to_overlook_is_checked(repo, check):
    repo.git("update-index", "--assume-unchanged", "configs/a.yaml")
    repo.git("update-index", "--skip-worktree", "configs/b.yaml")
    repo.write("configs/a.yaml", "[")
    repo.write("configs/b.yaml", "[")
    assert [file for _, file, _ in found(check())] == ["a.yaml", "b.yaml"]


def test_link_to_a_file_that_changed_is_checked(repo, check):
    repo.config("configs/_shared.yaml", name="s")
    (repo.top / "configs/s.yaml").symlink_to("_shared.yaml")
    repo.commit("linked")
    repo.write("configs/_shared.yaml", "[")
    assert [file for _, file, _ in found(check(since="linked"))] == ["s.yaml"]


def test_unchanged_file_that_cannot_be_read_is_still_told(repo, check):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (repo.top / "configs/a.yaml").chmod(0)
    assert ("unreadable-file", "a.yaml", 1) in found(check())


def test_names_with_spaces_line_feeds_and_stray_bytes_are_told_apart(repo, check):
    for name in ("a b.yaml", "-x.yaml", "ü.yaml", "*.yaml", ":(top)x.yaml"):
        repo.write(f"configs/{name}", "[")
    repo.commit("odd")
    os.close(os.open(os.fsencode(repo.top) + b"/configs/\xe9.yaml", os.O_CREAT))
    for name in ("a b.yaml", "*.yaml"):
        repo.write(f"configs/{name}", "[ ")
    assert sorted(file for _, file, _ in found(check(since="odd"))) == ["*.yaml", "\\xe9.yaml", "a b.yaml"]


def test_several_paths_in_folders_of_the_repository_and_single_files(repo, check, monkeypatch):
    repo.config("team/x/a.yaml")
    repo.write("single.yaml", "[")
    repo.write("other.yaml", "[")
    repo.commit("more")
    repo.write("team/x/b.yaml", "[")
    repo.write("single.yaml", "[ ")
    monkeypatch.chdir(repo.top / "team")
    result = check("x", "../configs", "../single.yaml", "../other.yaml", since="more")
    assert [d.span.file for d in result.diagnostics] == ["../single.yaml", "x/b.yaml"]
    assert result.notes[-1] == "1 of 2 files that are named are checked: those that differ from more"
    assert result.files == 2


def test_linked_work_tree_and_shallow_clone_work(repo, check, tmp_path, monkeypatch):
    repo.commit("new")
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.top}", str(tmp_path / "shallow"))
    for place in ("tree", "shallow"):
        monkeypatch.chdir(tmp_path / place)
        Path("configs/a.yaml").write_text("[")
        assert found(check(since="HEAD")) == [("yaml-syntax", "a.yaml", 1)]
    with pytest.raises(GitError, match="fetch-depth: 0"):
        check(since="old")


def test_inside_a_commit_hook_the_commit_is_judged(repo, tmp_path):
    hook = repo.write(
        ".git/hooks/pre-commit",
        "#!/bin/sh\nenv | grep ^GIT_ > seen\nexec python -m reconciler validate --changed-since HEAD\n",
    )
    hook.chmod(0o755)
    repo.write("configs/a.yaml", "[")
    environment = {"PATH": f"{Path(os.sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-qm", "bad", "--", "configs/a.yaml"],
        cwd=repo.top, env={**os.environ, **environment}, capture_output=True, text=True,
    )  # fmt: skip
    assert "GIT_INDEX_FILE" in (repo.top / "seen").read_text()
    assert "configs/a.yaml:1:2: error[yaml-syntax]" in done.stdout + done.stderr
    assert (done.returncode, repo.git("log", "--oneline", "--format=%s")) == (1, "old")


def test_three_dots_look_past_what_the_other_branch_did(repo, check):
    repo.git("checkout", "-q", "-b", "topic")
    repo.write("configs/d.yaml", "[")
    repo.commit("mine")
    repo.git("checkout", "-q", "main")
    repo.write("configs/a.yaml", "[")
    repo.commit("theirs")
    repo.git("checkout", "-q", "topic")
    repo.write("configs/b.yaml", "[")
    assert [file for _, file, _ in found(check(since="main..."))] == ["b.yaml", "d.yaml"]
    assert check(since="main").files == 3


def test_nothing_that_a_repository_names_is_run(repo, tmp_path):
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for setting in ("core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv", "core.sshCommand"):
        repo.git("config", setting, str(trap))
    repo.write(".gitattributes", "*.yaml diff=x\n")
    repo.config("configs/a.yaml", extra="description: x\n")
    (tmp_path / "sprung").unlink(missing_ok=True)
    before = (repo.top / ".git/index").read_bytes()
    there = find_repository(repo.top / "configs")
    with asking(there, there.commit("old")) as asked:
        assert asked.changes().differing == {"a.yaml"}
    assert not (tmp_path / "sprung").exists()
    assert (repo.top / ".git/index").read_bytes() == before


@pytest.mark.parametrize("kind", ["clean", "process"])
def test_filter_that_a_repository_names_is_not_run(repo, check, tmp_path, kind):
    trap = f"touch '{tmp_path}/sprung'; cat"
    repo.write(".gitattributes", "*.yaml filter=a=b\n")
    (repo.top / ".git/config").write_text(
        (repo.top / ".git/config").read_text() + f'[filter "a=b"]\n\t{kind} = "{trap}"\n\trequired = true\n'
    )
    repo.config("configs/a.yaml", extra="descriptio: x\n")
    assert [file for _, file, _ in found(check())] == ["a.yaml"]
    assert not (tmp_path / "sprung").exists()


def test_submodule_is_not_asked_with_its_own_settings(repo, check, tmp_path, repo_at):
    other = repo_at(tmp_path / "other")
    other.config("x.yaml")
    other.commit("one")
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.top), "configs/sub")
    repo.commit("with")
    repo.git("-C", "configs/sub", "config", "filter.x.clean", f"touch '{tmp_path}/sprung'; cat")
    repo.write("configs/sub/.gitattributes", "*.yaml filter=x\n")
    repo.config("configs/sub/x.yaml", extra="descriptio: x\n")
    assert [file for _, file, _ in found(check(since="with"))] == ["sub/x.yaml"]
    assert not (tmp_path / "sprung").exists()


def test_standard_input_has_no_history(repo, check, capsys):
    assert run(["validate", "-", "--changed-since", "old"]) == 2
    assert "give a path" in capsys.readouterr().err


@pytest.mark.parametrize("since", ["", "-x", "nothing"])
def test_name_that_is_no_commit_ends_the_run(repo, check, capsys, since):
    assert run(["validate", f"--changed-since={since}"]) == 2
    assert "commit" in capsys.readouterr().err


def test_directory_outside_a_repository_ends_the_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(["validate", "--changed-since", "HEAD"]) == 2
    assert "is not in a git repository" in capsys.readouterr().err


# --- the law --------------------------------------------------------------------------------------------------------

TEXTS = [
    "integration: console\nname: {n}\n",
    "integration: console\nname: {n}\ndelivery:\n  fallback: console/{m}\n",
    "integration: console\nname: {n}\ndelivery: {{fallback: console/{m}}}\n",
    "name: {n}\nintegration: console\nnonsense: 1\n",
    "integration: console\nname: {n}\nx: [\n",
    "integration: console\nname: {n}\n---\nintegration: console\nname: {m}\n",
    "integration: console\nname: {n}\ndelivery:\n  fallback: console/{m}  # reconcile: ignore[dangling-fallback]\n",
    "# reconcile: ignore[dangling-fallback]\nintegration: console\nname: {n}\ndelivery:\n  fallback: console/{m}\n",
    "integration: console\nname: {n}\nenabled: false\n",
    "integration: console\nname: {n}\nnonsense: 1\ndelivery:\n  fallback: console/{m}\n",
    "",
]
CASES = [
    "cases:\n  - name: a\n    event: {{type: a.b}}\n    expect: {{console/{m}: true}}\n",
    "cases:\n  - name: a\n    event: {{type: a.b}}\n    expect: {{console/{n}: yes}}\n",
    "cases:\n  - name: [\n",
]


def shake(repo, dice, times):
    for _ in range(times):
        file = f"configs/{dice.choice('pqr')}/{dice.randrange(9)}.yaml"
        if dice.random() < 0.2:
            (repo.top / file).unlink(missing_ok=True)
        else:
            names = {"n": f"n{dice.randrange(8)}", "m": f"n{dice.randrange(9)}"}
            repo.write(file, dice.choice(TEXTS).format(**names))
            if dice.random() < 0.3:
                repo.write(file.replace(".yaml", ".test.yaml"), dice.choice(CASES).format(**names))


def told(diagnostics):
    return [replace(d, help="") for d in diagnostics]


@pytest.mark.parametrize("seed", range(12))
def test_run_over_changes_finds_what_a_run_over_everything_finds(repo, check, seed, alone):
    dice = random.Random(seed)
    shake(repo, dice, 25)
    if dice.random() < 0.3:
        repo.write("configs/reconcile.toml", '[[folder]]\npath = "p/**"\nname_prefix = "n1"\n')
    repo.commit("base")
    shake(repo, dice, 5)
    with asking(there := find_repository(repo.top / "configs"), there.commit("base")) as asked:
        changes = asked.changes()
    whole = check(since=None).diagnostics
    expected = [d for d in whole if d.rule in BETWEEN or changes.is_changed(d.span.file.removeprefix("configs/"))]
    # Which name is nearest may be that of a file whose end is broken: a skim does not see that.
    assert told(check(since="base", jobs=1 + seed % 2).diagnostics) == told(expected)
