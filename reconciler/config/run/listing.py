"""One root as it is to be checked: its files, its settings, and what is wrong with the root itself.

Called by `run`, and by `changed` through it. The daemon's `directory` lists with the same walk, and remembers.
"""

import os
from pathlib import Path

from msgspec import Struct

from reconciler.config.files import SETTINGS_FILE, join
from reconciler.config.places import display_prefix
from reconciler.config.run.beneath import Beneath, root_above
from reconciler.config.run.part import Batch
from reconciler.config.run.roots import shown_under, unreadable
from reconciler.config.tree.settings import DirectorySettings, too_many
from reconciler.config.tree.settings_file import SettingsFile
from reconciler.config.tree.walk import walk_all
from reconciler.model.diagnostic import Diagnostic


class Listed(Struct, frozen=True):
    """One root, listed: its files, what is wrong with it as it is shown, its settings, the files that these name.

    `home` is the folder that the settings are in, resolved: the root, or one above it. `tests` are its test files.
    """

    batch: Batch
    problems: list[Diagnostic]
    settings: DirectorySettings
    named: tuple[str, ...]
    home: str
    tests: tuple[str, ...] = ()


def list_root(path: Path, base: str, directory: Path | None) -> Listed:
    """List the root at `path`, whose resolved path is `base`; raises RootUnreadable."""
    walk = walk_all(base, _nothing)
    if walk.root_error is not None:
        raise unreadable(path, walk.root_error) from walk.root_error
    prefix = display_prefix(path)
    root, beneath = root_above(path, base, directory) or (path, "")
    home, home_prefix = os.path.realpath(root), display_prefix(Path(root))
    file = SettingsFile()
    settings = file.refresh(home)
    problems = [*walk.broken.values()]
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
    policy = settings.policy.shown_as(home_prefix + SETTINGS_FILE) if settings.policy is not None else None
    if policy is not None and beneath:
        policy = Beneath(policy, beneath)
    shown = [shown_under(problem, prefix) for problem in problems]
    shown += [shown_under(problem, home_prefix) for problem in file.problems]
    tests = tuple(sorted(join(folder, name) for folder, listing in walk.listings.items() for name in listing.tests))
    return Listed(Batch(base, prefix, files, special, policy), shown, settings, file.named, home, tests)


def _nothing() -> None:
    return None
