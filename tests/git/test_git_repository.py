"""Finding the repository and its commits: what a person can do when there is none, and what a repository cannot do."""

import os
import subprocess
import sys

import pytest

from reconciler.config.git.command import Git, GitError
from reconciler.config.git.repository import find_repository


def test_directory_outside_any_repository_is_a_sentence(tmp_path):
    with pytest.raises(GitError, match="is not in a git repository"):
        find_repository(tmp_path)


@pytest.mark.parametrize("name", ["", "-x", "--upload-pack=touch gone", "nothing", "a\0b", "old:configs"])
def test_name_that_is_no_commit_is_refused(repo, name):
    with pytest.raises(GitError, match="commit"):
        find_repository(repo.top).commit(name)


def test_name_that_only_the_remote_has_is_suggested(repo, tmp_path):
    repo.git("branch", "topic")
    repo.git("clone", "-q", str(repo.top), str(tmp_path / "clone"))
    with pytest.raises(GitError, match="did you mean 'origin/topic'"):
        find_repository(tmp_path / "clone").commit("topic")


def test_nearest_branch_or_tag_is_suggested(repo):
    repo.git("branch", "release")
    repo.git("tag", "v1.4")
    for name, near in (("relaese", "release"), ("v1.3", "v1.4")):
        with pytest.raises(GitError, match=f"did you mean '{near}'"):
            find_repository(repo.top).commit(name)


def test_repository_without_a_commit_is_a_sentence(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    with pytest.raises(GitError, match="no commit yet"):
        find_repository(tmp_path).commit("HEAD")


def test_shallow_clone_says_how_to_deepen_it(repo, tmp_path):
    repo.commit("new")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.top}", str(tmp_path / "shallow"))
    shallow = find_repository(tmp_path / "shallow")
    with pytest.raises(GitError, match="fetch-depth: 0"):
        shallow.commit("old")
    assert shallow.commit("HEAD").id == repo.git("rev-parse", "new")


@pytest.mark.parametrize(("name", "told"), [("HEAD~9", True), ("main^^^", True), ("HEAD^2", False), ("HAED~9", False)])
def test_history_that_is_shorter_than_is_counted_back_says_how_long_it_is(repo, name, told):
    repo.commit("second")
    repo.commit("third")
    with pytest.raises(GitError) as raised:
        find_repository(repo.top).commit(name)
    assert (f": it has 3 commits up to '{name[:4]}'" in str(raised.value)) is told, raised.value


def test_shallow_clone_that_is_counted_back_says_how_long_it_is(repo, tmp_path):
    repo.commit("new")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.top}", str(tmp_path / "shallow"))
    with pytest.raises(GitError, match="the clone is shallow: it has 1 commit up to 'HEAD'; in GitHub Actions"):
        find_repository(tmp_path / "shallow").commit("HEAD~1")


def test_shallow_histories_without_a_common_commit_say_so(repo, tmp_path):
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("new")
    repo.git("clone", "-q", "--depth", "1", "--no-single-branch", f"file://{repo.top}", str(tmp_path / "shallow"))
    shallow = find_repository(tmp_path / "shallow")
    with pytest.raises(GitError, match="no commit in common: the clone is shallow"):
        shallow.base(shallow.commit("origin/main"), shallow.commit("origin/topic"))


def test_directory_is_found_from_wherever_it_is(repo, monkeypatch):
    (repo.top / "link").symlink_to("configs")
    assert find_repository(repo.top / "configs").path == "configs"
    assert find_repository(repo.top).path == ""
    assert find_repository(repo.top / "not/yet").path == "not/yet"
    assert find_repository(repo.top / "link").path == "link"
    monkeypatch.chdir(repo.top / "configs")
    assert find_repository(repo.top / "configs/..").path == ""


def test_linked_work_tree_is_a_repository(repo, tmp_path):
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    found = find_repository(tmp_path / "tree" / "configs")
    assert (found.path, found.top) == ("configs", os.path.realpath(tmp_path / "tree"))


def test_variables_of_a_hook_for_another_repository_are_not_followed(repo, tmp_path, monkeypatch):
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    found = find_repository(repo.top)
    assert found.commit("old").id
    assert found.git.steering == {}


def test_variables_of_a_hook_are_followed_where_nothing_else_leads_to_it(repo, tmp_path, monkeypatch):
    os.rename(repo.top / ".git", tmp_path / "elsewhere.git")
    monkeypatch.chdir(repo.top)
    monkeypatch.setenv("GIT_DIR", "../elsewhere.git")
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    found = find_repository(repo.top / "configs")
    assert (found.path, bool(found.commit("old").id)) == ("configs", True)


def test_repository_of_another_user_is_not_read(repo, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match=r"safe\.directory"):
        find_repository(repo.top)


def test_git_that_is_not_installed_is_a_sentence(repo, monkeypatch):
    monkeypatch.setenv("PATH", str(repo.top))
    with pytest.raises(GitError, match="git is not installed"):
        find_repository(repo.top)


def test_git_that_hangs_is_ended(repo, tmp_path, monkeypatch):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!{sys.executable}\nimport signal; signal.pause()\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(slow.parent))
    with pytest.raises(GitError, match="did not answer"):
        Git(str(repo.top), longest=0.05).ask("status")


def test_git_that_prints_without_end_is_ended(repo):
    with pytest.raises(GitError, match="printed more"):
        Git(str(repo.top), most_output=10).ask("log")
