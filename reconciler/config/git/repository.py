"""The repository around a directory, and the commits that people name in it.

Found from the directory itself. What a hook has set (`GIT_DIR`, `GIT_INDEX_FILE`) is followed where it is about the
same repository, and where nothing else leads to one. Called by the plan between commits and by `--changed-since`.
"""

# Paths stay strings: links are not to be resolved by accident, and a name may hold any byte.
# ruff: noqa: PTH100, PTH112, PTH114

import os
import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.config.git.command import Git, GitError, Refused
from reconciler.core.findings.nearest import nearest

_STEERING: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE")
_NAMED: Final = ("refs/heads", "refs/remotes", "refs/tags")
_PARTED: Final = "..."
"""What follows a name that stands for the commit at which its history and the other's parted, as in `git diff`."""
_COUNTED_BACK: Final = re.compile(r"(?:~[0-9]*|\^1?)+\Z")
_MOST: Final = 10_000
_DEEPEN: Final = "in GitHub Actions give actions/checkout `fetch-depth: 0`, elsewhere run `git fetch --unshallow`"


class Commit(Struct, frozen=True):
    """One commit: what the user wrote, and which it is."""

    named: str
    id: str

    @property
    def short(self) -> str:
        """The first twelve digits of its id."""
        return self.id[:12]


class Repository(Struct, frozen=True):
    """A repository. `path` is where the directory asked for stands in it, "" being its top, with `/` between names.

    `top` is the resolved path of its work tree, None where it has none.
    """

    git: Git
    path: str
    top: str | None
    is_shallow: bool

    def commit(self, named: str) -> Commit:
        """Return the commit that `named` is; raises GitError with what a person can do about it."""
        if not named or named.startswith("-") or "\0" in named:
            raise GitError(f"expected a branch, a tag or a commit, found {named!r}")
        answer = self.git.tries("rev-parse", "--verify", "--quiet", "--end-of-options", f"{named}^{{commit}}")
        if answer is None:
            raise GitError(f"{named!r} is not a commit that this repository has{self._why_not(named)}")
        return Commit(named, os.fsdecode(answer.strip()))

    def starting_point(self, named: str, leads_to: str) -> Commit:
        """Return the commit where a change begins: `named`, or for `named...` where the two parted; raises GitError."""
        commit = self.commit(named.removesuffix(_PARTED))
        return self.base(commit, self.commit(leads_to)) if named.endswith(_PARTED) else commit

    def base(self, one: Commit, other: Commit) -> Commit:
        """Return the commit at which two lines of history parted, as GitHub compares a pull request."""
        answer = self.git.tries("merge-base", one.id, other.id)
        if answer is None:
            hint = f": the clone is shallow; {_DEEPEN}" if self.is_shallow else ""
            raise GitError(f"{one.named!r} and {other.named!r} have no commit in common{hint}")
        return Commit(f"{one.named}{_PARTED}", os.fsdecode(answer.split()[0]))

    def _why_not(self, named: str) -> str:
        if ".." in named:  # no name of a branch or a tag holds them
            first = named.partition("..")[0] or "main"
            return f": it is a range; give one commit, such as '{first}', or '{first}...'"
        too_far = self._too_far(named)
        if self.is_shallow or too_far:
            return f": the clone is shallow{too_far}; {_DEEPEN}" if self.is_shallow else too_far
        if (
            self.git.tries("rev-parse", "--verify", "--quiet", "--end-of-options", f"origin/{named}^{{commit}}")
            is not None
        ):
            return f": did you mean 'origin/{named}'?"
        if self.git.tries("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
            return ": it has no commit yet"
        if near := nearest(named, self._names()):
            return f": did you mean {near!r}?"
        return f"; is it fetched? {_DEEPEN}" if os.environ.get("CI") else ": look at `git branch --all`"

    def _too_far(self, named: str) -> str:
        """Say how many commits there are, where `named` counts back from one (`HEAD~9`) beyond the first."""
        start = _COUNTED_BACK.sub("", named)
        if not start or start == named:
            return ""
        counted = self.git.tries("rev-list", "--count", "--first-parent", f"--max-count={_MOST}", start, "--")
        known = int(counted or 0)
        commits = "1 commit" if known == 1 else f"{known:,} commits"
        return f": it has {commits} up to {start!r}" if 0 < known < _MOST else ""

    def _names(self) -> list[str]:
        """Return the names of branches and tags, as many as are worth comparing."""
        answer = self.git.tries("for-each-ref", "--count=2000", "--format=%(refname:short)", *_NAMED)
        return os.fsdecode(answer or b"").splitlines()


def find_repository(directory: Path) -> Repository:
    """Return the repository that `directory` stands in, or would stand in if it were there; raises GitError."""
    start, rest = _start(os.path.abspath(directory))
    try:
        return _ask(Git(start), rest)
    except Refused as refused:
        steering = _from_environment()
        if "GIT_DIR" in steering:
            return _ask(Git(start, steering), rest)
        if "not a git repository" in str(refused):
            raise GitError(f"{directory} is not in a git repository") from None
        raise GitError(_worded(str(refused))) from None


def _start(path: str) -> tuple[str, str]:
    """Return the folder in which to ask, and what of the path stands beneath it.

    A root may be a link, whose target is another at every commit: then it is its folder that is asked.
    """
    if os.path.isdir(path) and not os.path.islink(path):
        return path, ""
    folder, name = os.path.split(path)
    if os.path.islink(path) and not _is_inside(folder):
        return os.path.realpath(path), ""
    rest = name
    while not os.path.isdir(folder):
        folder, name = os.path.split(folder)
        rest = f"{name}/{rest}"
    return folder, rest


def _is_inside(folder: str) -> bool:
    return Git(folder).tries("rev-parse", "--git-dir") is not None


def _ask(git: Git, rest: str) -> Repository:
    answer = os.fsdecode(git.ask("rev-parse", "--is-bare-repository", "--is-shallow-repository", "--absolute-git-dir"))
    bare, shallow, git_dir = answer.removesuffix("\n").split("\n", 2)
    asked = git if git.steering else Git(git.folder, _index_of(git_dir))
    prefix, top = "", None
    if bare != "true":
        prefix, top = _work_tree(asked)
    return Repository(asked, (prefix + rest).strip("/"), top, shallow == "true")


def _work_tree(git: Git) -> tuple[str, str]:
    """Return where the folder stands in its work tree, and the resolved path of that."""
    answer = os.fsdecode(git.ask("rev-parse", "--show-prefix", "--show-toplevel")).removesuffix("\n")
    prefix, _, top = answer.partition("\n")
    if "\n" in top:  # some folder has a line break in its name
        prefix = os.fsdecode(git.ask("rev-parse", "--show-prefix")).removesuffix("\n")
        top = answer.removeprefix(prefix + "\n")
    return prefix, os.path.realpath(top)


def _index_of(git_dir: str) -> dict[str, str]:
    """Return which index a hook was told of, where it is one of this repository: `git commit -- FILE` has its own."""
    index = _from_environment().get("GIT_INDEX_FILE")
    return {"GIT_INDEX_FILE": index} if index and index.startswith(os.path.realpath(git_dir) + "/") else {}


def _from_environment() -> dict[str, str]:
    """Return what a hook has set, made absolute: git is asked from another folder than ours."""
    return {name: os.path.abspath(value) for name in _STEERING if (value := os.environ.get(name))}


def _worded(said: str) -> str:
    if "dubious ownership" in said:
        return (
            "git does not read this repository because another user owns it: "
            "git config --global --add safe.directory DIR allows it"
        )
    return f"git says: {said}"
