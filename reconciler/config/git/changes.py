"""Which files of a directory git vouches for: those that are, byte for byte as git sees it, what they were at a commit.

What git does not know, or was told not to look at, counts as changed. Only `validate --changed-since` asks.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from msgspec import Struct

from reconciler.config.git.filters import without_filters
from reconciler.config.git.repository import Commit, Repository

_DIFF: Final = (
    "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all",
    "--relative",
)  # fmt: skip
"""Git would ask a submodule in a process of its own; it knows no file in one here, so all in it count as changed."""
_PLAIN: Final = "H "
"""How `ls-files -v` begins a file that is in the index, and whose changes git was not told to overlook."""


class Changes(Struct, frozen=True):
    """By names relative to the directory: `same` are files as they were at the commit.

    `differing` are those that git knows to be gone, new or changed; of the rest it knows nothing.
    """

    differing: frozenset[str]
    same: frozenset[str]

    def is_changed(self, file: str) -> bool:
        """Whether a file that is there now has to be looked at."""
        return file not in self.same


class Asked:
    """An answer that git is working on; whoever asked may do something else meanwhile."""

    def __init__(self, differing: Iterator[bytes], listed: Iterator[bytes]) -> None:
        self._differing, self._listed = differing, listed

    def changes(self) -> Changes:
        """Wait for the answer; raises GitError."""
        differing = frozenset(_names(b"".join(self._differing)))
        known = frozenset(_plain(b"".join(self._listed)))
        return Changes(differing, known - differing)


@contextmanager
def asking(repository: Repository, since: Commit, path: str = ".") -> Iterator[Asked]:
    """Ask what differs in the directory that `repository` was found by, or in one file of it; nothing is written.

    A failure of git is raised when the block ends.
    """
    git = without_filters(repository.git)
    with ExitStack() as open_streams:
        differing = open_streams.enter_context(git.stream(*_DIFF, since.id, "--", path))
        listed = open_streams.enter_context(repository.git.stream("ls-files", "-v", "-z", "--", path))
        yield Asked(differing, listed)


def is_any_changed(repository: Repository, since: Commit, paths: Sequence[str]) -> bool:
    """Whether any of these files differs from the commit; absolute paths, all inside the work tree."""
    if not paths:
        return False
    there = without_filters(repository.git).ask(*_DIFF[:-1], since.id, "--", *paths)
    return bool(there or repository.git.ask("ls-files", "--others", "--exclude-standard", "-z", "--", *paths))


def _plain(listed: bytes) -> list[str]:
    """Return the names behind `_PLAIN`; where all lines begin with it, as in nearly every repository, by one cut."""
    text = "\0" + listed.decode("utf-8", "surrogateescape")
    names = text.removesuffix("\0").split("\0" + _PLAIN)[1:]
    if len(names) == text.count("\0") - 1:
        return names
    return [line[len(_PLAIN) :] for line in _names(listed) if line.startswith(_PLAIN)]


def _names(listed: bytes) -> list[str]:
    return listed.decode("utf-8", "surrogateescape").split("\0")[:-1]
