"""git_lock: whether git is in the middle of something around the root."""

import subprocess

import pytest

from reconciler.config.tree.git import git_lock


@pytest.fixture
def repository(tmp_path):
    for command in (
        ["init", "-q", "main"],
        ["-C", "main", "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "--allow-empty", "-m", "first"],
        ["-C", "main", "worktree", "add", "-q", "../other"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def test_folder_in_no_repository_is_never_busy(tmp_path):
    assert not git_lock(tmp_path / "missing")


def test_lock_in_the_work_tree_around_the_root_is_seen(repository):
    root = repository / "main" / "deep" / "configs"
    root.mkdir(parents=True)
    assert not git_lock(root)
    (repository / "main" / ".git" / "index.lock").touch()
    assert git_lock(root)


def test_lock_of_a_linked_work_tree_is_its_own(repository):
    (repository / "main" / ".git" / "index.lock").touch()
    assert not git_lock(repository / "other")
    (repository / "main" / ".git" / "worktrees" / "other" / "index.lock").touch()
    assert git_lock(repository / "other")
