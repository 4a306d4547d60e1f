"""One root as it is to be checked: its files, its settings, and what is wrong with the root itself.

Called by `run`, and by `changed` through it. The daemon's `directory` lists with the same walk, and remembers.
"""

from dataclasses import dataclass
from pathlib import Path

from reconciler.config.files import SETTINGS_FILE, join
from reconciler.config.places import display_prefix
from reconciler.config.run.part import Batch
from reconciler.config.run.single import unreadable
from reconciler.config.tree.settings import DirectorySettings, too_many
from reconciler.config.tree.settings_file import SettingsFile
from reconciler.config.tree.walk import walk_all
from reconciler.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Listed:
    """One root, listed: its files, what is wrong with it, its settings, and the other files that these name."""

    batch: Batch
    problems: list[Diagnostic]
    settings: DirectorySettings
    named: tuple[str, ...]


def list_root(path: Path, base: str) -> Listed:
    """List the root at `path`, whose resolved path is `base`; raises RootUnreadable."""
    walk = walk_all(base, _nothing)
    if walk.root_error is not None:
        raise unreadable(path, walk.root_error) from walk.root_error
    prefix = display_prefix(path)
    file = SettingsFile()
    settings = file.refresh(base)
    problems = [*file.problems, *walk.broken.values()]
    problems += [problem for listing in walk.listings.values() for problem in listing.problems]
    files: list[str] = []
    for folder, listing in walk.listings.items():
        above = f"{folder}/" if folder else ""
        files += [above + name for name in listing.files]
    files.sort()
    if len(files) > settings.max_files:
        problems.append(too_many(settings.max_files))
        del files[settings.max_files :]
    special = frozenset(
        join(folder, name) for folder, listing in walk.listings.items() for name in listing.links | listing.odd
    )
    policy = settings.policy.shown_as(prefix + SETTINGS_FILE) if settings.policy is not None else None
    return Listed(Batch(base, prefix, files, special, policy), problems, settings, file.named)


def _nothing() -> None:
    return None
