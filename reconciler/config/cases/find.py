"""Finds test files beneath a directory, by the rules by which configurations are found, and reads their bytes.

`*.test.yaml` and `*.test.yml`; names that begin with `.` or `_` are skipped, links to folders are not followed.
"""

import os
from collections.abc import Iterator

from msgspec import Struct

from reconciler.config.cases.read import CaseFile
from reconciler.config.files import Unreadable, Vanished, is_gone, join, read_file, resolve_link
from reconciler.config.tree.walk import walk_all
from reconciler.model.errors import RootUnreadable

SNAP = ".snap"
"""What the name of a file of snapshots ends with, in the place of `.yaml`."""


class FoundTests(Struct, frozen=True):
    """Paths of test files relative to a root, and of files of snapshots that belong to none; both sorted."""

    tests: tuple[str, ...]
    orphans: tuple[str, ...]


def find_tests(base: str, beneath: str = "") -> FoundTests:
    """Return the test files of the root `base` (a resolved path), or of its folder `beneath`; raises RootUnreadable."""
    walk = walk_all(base, lambda: None)
    if walk.root_error is not None:
        raise RootUnreadable(f"{base} cannot be read: {walk.root_error.strerror}") from walk.root_error
    folders = [folder for folder in walk.listings if not beneath or f"{folder}/".startswith(f"{beneath}/")]
    tests = [join(folder, name) for folder in folders for name in walk.listings[folder].tests]
    owned = {snapshot_file(name) for name in tests}
    snapshots = [join(folder, name) for folder in folders for name in _snapshots(base, folder)]
    return FoundTests(tuple(sorted(tests)), tuple(sorted(name for name in snapshots if name not in owned)))


def _snapshots(base: str, folder: str) -> Iterator[str]:
    try:
        found = os.listdir(f"{base}/{folder}" if folder else base)  # noqa: PTH208 — names are all that is asked
    except OSError as error:
        if not is_gone(error):
            raise
        return
    for name in found:
        if name[0] not in "._" and name.endswith(f".test{SNAP}") and name.isprintable():
            yield name


def read_test(file: CaseFile, name: str) -> bytes:
    """Return the bytes of a test file; a link is followed inside of its base. Raises Unreadable."""
    path = f"{file.folder}/{name}"
    try:
        return read_file(resolve_link(path, file.base))[0]
    except Vanished:
        raise Unreadable("the file is gone", "was it renamed meanwhile?") from None


def snapshot_file(name: str) -> str:
    """Return the name of the file of snapshots that belongs to a test file."""
    return name.removesuffix(".yaml").removesuffix(".yml") + SNAP
