"""Whether git is at work where the configurations stand. Called by the engine before a scan; it runs no git."""

import os
from pathlib import Path

from msgspec import Struct

from reconciler.config.files import Unreadable, Vanished, read_file


class GitLock(Struct, frozen=True):
    """An `index.lock`; `identity` tells it from another one at the same `path` (inode, time of change)."""

    path: Path
    identity: tuple[int, int]


def git_lock(root: Path) -> GitLock | None:
    """Return the `index.lock` that git holds in the work tree around `root`: what stands there is half done.

    A crash of git leaves the lock behind, so a caller waits within bounds.
    """
    try:
        folder = root.resolve()
    except (OSError, RuntimeError):
        return None
    for place in (folder, *folder.parents):
        git = place / ".git"
        if os.path.isdir(git):  # noqa: PTH112 — not `is_dir`, which raises where it may not look
            return _lock(git / "index.lock")
        if os.path.isfile(git):  # noqa: PTH113
            return _lock(_git_dir(git) / "index.lock")
    return None


def _lock(path: Path) -> GitLock | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return GitLock(path, (status.st_ino, status.st_ctime_ns))


def _git_dir(git_file: Path) -> Path:
    """Return where a linked work tree or a submodule keeps its index (`gitdir: PATH` in the file `.git`)."""
    try:
        data, _ = read_file(str(git_file))
    except (Unreadable, Vanished):
        return git_file.parent
    return git_file.parent / os.fsdecode(data.removeprefix(b"gitdir:").strip())
