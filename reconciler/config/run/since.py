"""The commit that a folder is compared with, and whether one file differs from it.

Called by `run`; what is known of a whole root then is up to `changed`.
"""

import os
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec import Struct

from reconciler.config.files import SETTINGS_FILE
from reconciler.config.git.changes import Asked, asking, is_any_changed
from reconciler.config.git.repository import Commit, Repository, find_repository


class Since(Struct, frozen=True):
    """The repository around a folder, and the commit that it is compared with."""

    repository: Repository
    commit: Commit

    @classmethod
    def of(cls, folder: str, named: str) -> "Since":
        """Find both; three dots behind a name mean where its history and HEAD's parted. Raises GitError."""
        repository = find_repository(Path(folder))
        return cls(repository, repository.starting_point(named, "HEAD"))

    def asking(self) -> AbstractContextManager[Asked]:
        """Ask git what differs in the folder; it works while the block does something else."""
        return asking(self.repository, self.commit)

    def __str__(self) -> str:
        return f"{self.commit.named} ({self.commit.short})"


def is_changed(path: Path, named: str, root: str | None) -> bool:
    """Whether a single file, or the settings of its root, differ from a commit; a link always may. Raises GitError."""
    folder, name = os.path.split(os.path.normpath(path))
    since = Since.of(folder or ".", named)
    with asking(since.repository, since.commit, name) as asked:
        changes = asked.changes()
    if changes.is_changed(name) or path.is_symlink():
        return True
    return root is not None and is_any_changed(
        since.repository, since.commit, [f"{os.path.realpath(root)}/{SETTINGS_FILE}"]
    )
