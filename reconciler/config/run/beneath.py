"""A folder that is checked by itself and lies in a root: what the root's `reconcile.toml` says holds for it as well.

Else a check of one folder would be green for what the daemon, which reads the whole root, refuses. Called by `run`.
"""

import os
from pathlib import Path

from reconciler.config.files import SETTINGS_FILE
from reconciler.config.policy.policy import Bounds, Policy
from reconciler.config.run.roots import root_of


class Beneath(Policy):
    """The policy of a root, asked for files relative to one of its folders."""

    def __init__(self, whole: Policy, folder: str) -> None:
        super().__init__(whole.folders, whole.key)
        self._whole = whole
        self._folder = folder

    def shown_as(self, file: str) -> "Beneath":
        """Return the same policy with its own file named as `file` in findings."""
        return Beneath(self._whole.shown_as(file), self._folder)

    def bounds(self, file: str, target: str = "") -> Bounds | None:
        """Return what the documents of a file must keep to, or None."""
        return self._whole.bounds(f"{self._folder}/{file}", f"{self._folder}/{target}" if target else "")


def root_above(path: Path, base: str, directory: Path | None) -> tuple[str, str] | None:
    """Return the root that the folder at `path` (resolved: `base`) lies in, and where in it; None for one of its own.

    Only a root with settings has anything to say.
    """
    root = root_of(path / SETTINGS_FILE, directory)
    if root is None or not os.path.lexists(f"{root}/{SETTINGS_FILE}"):
        return None
    above = os.path.realpath(root).rstrip("/") + "/"
    return (root, base.removeprefix(above)) if base.startswith(above) else None
