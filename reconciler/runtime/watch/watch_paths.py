"""Which folders have to be watched to notice any change beneath a root, and what an event in one of them means.

Plain functions over the file system, used by `watcher`. A path in an event only says where to look, never what is
there. All paths are absolute and resolved.
"""

# Paths are strings here, as the watch gives and takes them.
# ruff: noqa: PTH100, PTH115, PTH118, PTH119, PTH120

import os
import stat
import time
from collections.abc import Collection, Hashable, Iterable, Mapping

from msgspec import Struct, field

from reconciler.config.files import SCHEMA_SUFFIX, SETTINGS_FILE, SUFFIXES, join
from reconciler.config.tree.memory import SURE_AFTER

_MOST_LINKS = 40
"""As many as the kernel follows."""


class Way(Struct, frozen=True):
    """How a root is reached. `anchors` are the paths that decide where it is: each link on the way, and itself.

    `root` is the folder it is now, with its `identity`, or both None while it is missing; then the last anchor is the
    first part of its path that does not exist.
    """

    anchors: frozenset[str]
    root: str | None = None
    identity: tuple[int, int] | None = None

    @property
    def folders(self) -> frozenset[str]:
        """The folders in which the anchors stand."""
        return frozenset(os.path.dirname(anchor) for anchor in self.anchors)


def find_way(root: str) -> Way:
    """Follow `root` part by part, through every link."""
    anchors: set[str] = set()
    todo = [part for part in os.path.abspath(root).split("/") if part]
    here, links = "/", 0
    while todo:
        name = todo.pop(0)
        if name in {"", "."}:
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        path = os.path.join(here, name)
        try:
            target = os.readlink(path) if stat.S_ISLNK(os.lstat(path).st_mode) else None
        except OSError:
            return Way(frozenset({*anchors, path}))
        if target is None:
            here = path
            continue
        anchors.add(path)
        links += 1
        if links > _MOST_LINKS:
            return Way(frozenset(anchors))
        todo[:0] = target.split("/")
        here = "/" if target.startswith("/") else here
    return _arrived(here, anchors)


def _arrived(here: str, anchors: set[str]) -> Way:
    anchors.add(here)
    try:
        status = os.lstat(here)
    except OSError:
        return Way(frozenset(anchors))
    if not stat.S_ISDIR(status.st_mode):
        return Way(frozenset(anchors))
    return Way(frozenset(anchors), here, (status.st_dev, status.st_ino))


class Beneath(Struct, frozen=True):
    """The folders beneath a root, listed once. `stamps` are what each was before that, by path.

    None stands for one that could not be listed, and for one that has changed just now: a file system tells times by
    ticks, of up to two seconds, so a second change could leave the stamp as it is.
    """

    folders: frozenset[str] = frozenset()
    stamps: Mapping[str, Hashable] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        """Whether it is certain that no folder has come or gone since."""
        known = self.stamps
        return None not in known.values() and all(look_at(folder) == stamp for folder, stamp in known.items())


def find_beneath(top: str) -> Beneath:
    """Return `top` and the folders beneath it in which configurations, or what links lead to, may stand.

    Hidden ones are left out: what git does in `.git` is nobody's business. So are names that are not UTF-8, and those
    of configurations: nobody looks into a folder that is called so.
    """
    stamps: dict[str, Hashable] = {}
    unreadable: set[str] = set()
    old = time.time_ns() - int(SURE_AFTER * 1e9)
    todo = [top]
    while todo:
        folder = todo.pop()
        seen = look_at(folder)
        stamps[folder] = seen if seen is not None and seen[-1] < old else None
        try:
            names = os.listdir(folder)  # noqa: PTH208 — thousands
        except OSError:
            stamps[folder] = None
            unreadable.add(folder)
            continue
        others = [name for name in names if not name.endswith(SUFFIXES) and name[0] != "." and is_utf8(name)]
        todo += [path for name in others if _is_folder(path := f"{folder.rstrip('/')}/{name}")]
    return Beneath(frozenset(stamps.keys() - unreadable), stamps)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def is_utf8(name: str) -> bool:
    """Whether a name can be given to the watch, which takes text alone."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def look_at(path: str) -> tuple[int, int, int, int] | None:
    """Return what changes when a file does, or None where there is none to be seen."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def queue_length() -> int:
    """Return how many events inotify keeps for a process that does not read them; what comes then is lost."""
    try:
        with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:  # noqa: PTH123
            return max(1, int(file.read()))
    except (OSError, ValueError):
        return 16384


class Meaning(Struct):
    """What a batch of events asks for: folders to list (relative to the root), new and lost folders (absolute)."""

    folders: set[str] = field(default_factory=set)
    appeared: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)
    everything: bool = False
    moved: bool = False
    """Whether the root may be elsewhere now."""


def understand(paths: Iterable[str], way: Way, watched: Collection[str]) -> Meaning:
    """Sort the paths of events by what they ask for; most are files of ours, and cost no system call."""
    meaning = Meaning()
    root = way.root
    for path in paths:
        if path in way.anchors:
            meaning.moved = True
        if path == root:
            # The root itself was given other permissions, or is mounted upon: all of it is watched and listed anew.
            meaning.appeared.add(path)
            meaning.folders.add("")
        if root is None or not path.startswith(root.rstrip("/") + "/"):
            continue
        folder, _, name = path.removeprefix(root.rstrip("/") + "/").rpartition("/")
        if path in watched or not name.endswith(SUFFIXES):
            _understand_other(meaning, path, folder, watched)
        else:
            meaning.folders.add(folder)
        if name == SETTINGS_FILE and not folder:
            meaning.everything = True
        elif name.endswith(SCHEMA_SUFFIX):  # it may be one that the settings name
            meaning.folders.add(folder)
    return meaning


def _understand_other(meaning: Meaning, path: str, folder: str, watched: Collection[str]) -> None:
    """Sort what is no configuration by its name: a folder, a link that decides what others are, or nothing of ours."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        mode = 0
    if path in watched and not stat.S_ISDIR(mode):
        meaning.vanished.add(path)
        meaning.folders.add(folder)
    elif stat.S_ISDIR(mode) and not os.path.basename(path).startswith("."):
        # Named by an event, so it was made, renamed or replaced: it is watched anew, whether it was or not.
        # It is listed too, not only the folder above it: its permissions may be what changed.
        meaning.appeared.add(path)
        meaning.folders |= {folder, join(folder, os.path.basename(path))}
    elif stat.S_ISLNK(mode):
        meaning.folders.add(folder)
