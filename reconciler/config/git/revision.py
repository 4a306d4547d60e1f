"""The files of a directory as they stand at one commit, read from git's objects by the rules of a directory on disk.

Names are skipped and refused as `files` does; links are followed inside the root alone; nothing is checked out. It
knows no YAML. Called by the plan between two commits.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from reconciler.config.files import (
    SCHEMA_SUFFIX,
    SETTINGS_FILE,
    SUFFIXES,
    Unreadable,
    is_hidden_name,
    join,
    leads_nowhere,
    leads_out,
    name_problem,
    no_file,
)
from reconciler.config.git.command import Git, GitError
from reconciler.config.git.objects import read_objects
from reconciler.config.git.repository import Commit, Repository
from reconciler.model.diagnostic import Diagnostic

_LINK: Final = "120000"
_TREE: Final = "040000"
_SUBMODULE: Final = "160000"
_MOST_LINKS: Final = 40
"""How many links one path may lead through, as for the system."""
_LONGEST_LINK: Final = 4096


class Entry(Struct, frozen=True):
    """What stands at one path: its mode and the object that it holds."""

    mode: str
    object: str


class Revision(Struct, frozen=True):
    """A directory at one commit. `files` are its configurations, sorted, each with the object to read or a verdict.

    `settings` is its `reconcile.toml`, if it has one, and `schemas` are the JSON files that this may name; `led` tells
    to which file each link leads. `submodules` are folders whose content is in another repository. `is_there` is false
    where the commit has no such directory.
    """

    commit: Commit
    files: Mapping[str, "str | Unreadable"] = field(default_factory=dict)
    settings: "str | Unreadable | None" = None
    problems: tuple[Diagnostic, ...] = ()
    submodules: tuple[str, ...] = ()
    is_there: bool = True
    schemas: Mapping[str, "str | Unreadable"] = field(default_factory=dict)
    led: Mapping[str, str] = field(default_factory=dict)


def read_revision(repository: Repository, commit: Commit) -> Revision:
    """List the directory of `repository` at `commit`; raises GitError."""
    tree = _Root(repository, commit).tree()
    if tree is None:
        return Revision(commit, is_there=False)
    entries = dict(_list(repository.git, "-r", tree))
    links = [entry.object for entry in entries.values() if entry.mode == _LINK]
    targets = {object_id: _target(data) for object_id, data in read_objects(repository.git, links)}
    return _Listing(entries, targets).revision(commit)


def _target(data: "bytes | Unreadable") -> str | None:
    if isinstance(data, Unreadable) or len(data) > _LONGEST_LINK:
        return None
    return data.decode("utf-8", "surrogateescape")


def _list(git: Git, *arguments: str) -> Iterator[tuple[str, Entry]]:
    listed = git.ask("ls-tree", "-z", "--full-tree", *arguments)
    for line in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, _, object_id = about.split(" ")
        yield path, Entry(mode, object_id)


class _Root:
    """Finds the directory at a commit; it may be a link there, to another one."""

    def __init__(self, repository: Repository, commit: Commit) -> None:
        self._git, self._path, self._commit = repository.git, repository.path, commit

    def tree(self) -> str | None:
        """Return the tree of the directory; None where there is none. Raises GitError for what is something else."""
        path = self._path
        for _ in range(_MOST_LINKS):
            if not path:
                return self._commit.id
            found = dict(_list(self._git, self._commit.id, "--", path)).get(path)
            if found is None:
                return None
            if found.mode == _TREE:
                return found.object
            if found.mode != _LINK:
                what = "a submodule" if found.mode == _SUBMODULE else "a file"
                raise GitError(f"{self._path} is {what} at {self._commit.named}: name a directory")
            path = self._followed(path, found.object)
        raise GitError(f"{self._path} is a link to itself at {self._commit.named}")

    def _followed(self, path: str, object_id: str) -> str:
        data = dict(read_objects(self._git, [object_id]))[object_id]
        target = _target(data) or "/"
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if target.startswith("/") or there.startswith(".."):
            raise GitError(f"{self._path} is a link out of the repository at {self._commit.named}")
        return "" if there == "." else there


class _Listing:
    """Sorts the entries of a tree, as `list_folder` does for a folder on disk."""

    def __init__(self, entries: Mapping[str, Entry], targets: Mapping[str, str | None]) -> None:
        self._entries, self._targets = entries, targets
        self._folders = {""}
        for path in entries:
            folder = path.rpartition("/")[0]
            while folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition("/")[0]
        self._folder_problems: dict[str, Diagnostic | None] = {}
        self._odd: set[str] = set()
        self._led: dict[str, str] = {}

    def revision(self, commit: Commit) -> Revision:
        """Return what the entries come to."""
        files: dict[str, str | Unreadable] = {}
        problems: list[Diagnostic] = []
        submodules = []
        for path, entry in sorted(self._entries.items()):
            folder, _, name = path.rpartition("/")
            if self._is_skipped(folder):
                continue
            problem = name_problem(folder, name) if name.endswith(SUFFIXES) else None
            if problem is not None and not is_hidden_name(name):
                problems.append(problem)
            elif name.endswith(SUFFIXES) and not is_hidden_name(name):
                files[path] = self._verdict(path, entry)
            elif entry.mode == _SUBMODULE and name[0] not in "._":
                submodules.append(path)
        files |= dict.fromkeys(self._odd, no_file("a folder"))
        problems += [problem for problem in self._folder_problems.values() if problem is not None]
        settings = self._entries.get(SETTINGS_FILE)
        schemas = {
            path: self._verdict(path, one) for path, one in self._entries.items() if path.endswith(SCHEMA_SUFFIX)
        }
        return Revision(
            commit,
            dict(sorted(files.items())),
            self._verdict(SETTINGS_FILE, settings) if settings is not None else None,
            tuple(problems),
            tuple(submodules),
            schemas=schemas,
            led=self._led,
        )

    def _is_skipped(self, folder: str) -> bool:
        """Whether nothing in a folder is loaded: it, or one above it, is hidden or has a name that cannot be used."""
        while folder:
            above, _, name = folder.rpartition("/")
            if is_hidden_name(name):
                return True
            if name.endswith(SUFFIXES):
                self._odd.add(folder)
                return True
            if folder not in self._folder_problems:
                self._folder_problems[folder] = name_problem(above, name)
            if self._folder_problems[folder] is not None:
                return True
            folder = above
        return False

    def _verdict(self, path: str, entry: Entry) -> "str | Unreadable":
        try:
            return self._resolve(path, entry)
        except Unreadable as problem:
            return problem

    def _resolve(self, path: str, entry: Entry) -> str:
        start = path
        for _ in range(_MOST_LINKS):
            if entry.mode == _SUBMODULE:
                raise no_file("a folder")
            if entry.mode != _LINK:
                if path != start:
                    self._led[start] = path
                return entry.object
            path = self._followed(path, entry)
            found = self._entries.get(path)
            if found is None:
                raise no_file("a folder") if path in self._folders else leads_nowhere()
            entry = found
        raise leads_nowhere()

    def _followed(self, path: str, entry: Entry) -> str:
        """Return where a link leads, with every link on the way to it followed, as the system does."""
        target = self._targets.get(entry.object)
        if target is None:
            raise leads_nowhere()
        if target.startswith("/"):
            raise leads_out()
        here, parts, left = path.rpartition("/")[0], target.split("/")[::-1], _MOST_LINKS
        while parts:
            part = parts.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                if not here:
                    raise leads_out()
                here = here.rpartition("/")[0]
                continue
            there = join(here, part)
            on_the_way = self._entries.get(there)
            if not parts or on_the_way is None or on_the_way.mode != _LINK:
                here = there
                continue
            left -= 1
            inner = self._targets.get(on_the_way.object)
            if inner is None or inner.startswith("/") or not left:
                raise leads_nowhere() if inner is None or not left else leads_out()
            parts += inner.split("/")[::-1]
        return here
