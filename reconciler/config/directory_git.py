"""Whether git is at work where the configurations stand. Called by the engine before a scan; it runs no git."""

import os
from pathlib import Path

from reconciler.config.files import Unreadable, Vanished, read_file


def git_busy(root: Path) -> bool:
    """Whether a git operation holds `index.lock` in the work tree around `root`: what stands there is half done.

    A crash of git leaves the lock behind, so a caller waits within bounds.
    """
    try:
        folder = root.resolve()
    except (OSError, RuntimeError):
        return False
    for place in (folder, *folder.parents):
        git = place / ".git"
        if git.is_dir():
            return _is_there(git / "index.lock")
        if git.is_file():
            return _is_there(_git_dir(git) / "index.lock")
    return False


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _git_dir(git_file: Path) -> Path:
    """Return where a linked work tree or a submodule keeps its index (`gitdir: PATH` in the file `.git`)."""
    try:
        data, _ = read_file(str(git_file))
    except (Unreadable, Vanished):
        return git_file.parent
    return git_file.parent / os.fsdecode(data.removeprefix(b"gitdir:").strip())
