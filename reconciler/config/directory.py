"""A directory of configurations, read again in proportion to what changed: the incremental side of `files`.

`scan` lists folders, reads the files whose signature changed and settled, and gives a new `snapshot`. It decides
nothing about removal: an id that no file names is ABSENT, and the engine looks twice. Called by the engine in one
thread at a time, and by `plan` offline; `validate` goes through `run`, which keeps nothing.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path

from reconciler.config.directory_memory import SETTLE, LostFiles, Settling
from reconciler.config.directory_read import FileRecord, failed_state, read_state
from reconciler.config.directory_settings import SettingsFile, too_many
from reconciler.config.directory_tree import Walk, beneath, walk_all, walk_some
from reconciler.config.files import (
    Listing,
    Unreadable,
    Vanished,
    changed_at,
    check_regular,
    is_gone,
    join,
    read_file,
    resolve_link,
    signature,
)
from reconciler.config.snapshot import FileState, Index, Snapshot
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.ports import Clock

_ROUNDS = 3
"""How often one scan lists a folder again in which something vanished between listing and opening."""
_TICK = 50
_MOST_LINKS = 200
"""How many links every scan looks at, whatever folders it lists: what a link leads to changes somewhere else."""


class RootState(StrEnum):
    """What the root of the directory is; its value completes the sentence "the root is …"."""

    OK = "ok"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    SWAPPED_EMPTY = "another folder than before, and empty"


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan found. Where `root` is not OK, nothing was changed and nothing must be removed.

    `changed` are the ids whose Desired differs, absent ones included, `moved` those that only stand elsewhere.
    `files` is how many files the directory holds, `read` how many were read now. `recheck_in` is in how many seconds
    to scan again because something is still being written (any folders will do, none too), or None: as long as it is
    given, an absence must not be confirmed, since a file may be on its way under another name. `problems` are
    findings about the root's settings, names, and folders that cannot be listed.
    """

    changed: frozenset[str] = frozenset()
    root: RootState = RootState.OK
    files: int = 0
    read: int = 0
    recheck_in: float | None = None
    problems: tuple[Diagnostic, ...] = ()
    moved: frozenset[str] = frozenset()


class Directory:
    """One root, which may be a link. Not thread-safe but for `snapshot` and `invalidate`."""

    def __init__(self, root: Path, validator: Validator, *, clock: Clock | None = None, settle: float = SETTLE) -> None:
        self.root = root
        self._validator = validator
        now = clock.monotonic if clock is not None else time.monotonic
        self._settling = Settling(now, settle)
        self._lost_files = LostFiles(now)
        self._identity: tuple[int, int] | None = None
        self._accepting = False
        self._base = ""
        self._index = Index()
        self._snapshot = Snapshot()
        self._settings = SettingsFile()
        self._folders: dict[str, dict[str, FileRecord]] = {}
        self._broken: dict[str, Diagnostic] = {}
        self._bad_names: dict[str, list[Diagnostic]] = {}
        self._links: dict[str, set[str]] = {}
        self._again: set[str] = set()
        self._invalid: frozenset[str] = frozenset()
        self._problems: list[Diagnostic] = []
        self._files = self._read = self._looked = 0
        self._is_first = True
        self._over = False
        self._tick: Callable[[], None] = _nothing

    @property
    def snapshot(self) -> Snapshot:
        """What the files ask for, as of the last scan."""
        return self._snapshot

    def invalidate(self, integration_id: str) -> None:
        """Have the documents of an integration checked again by the next scan of everything; from any thread."""
        self._invalid |= {integration_id}

    def accept_root(self) -> None:
        """Take the root as it is at the next scan, even if it was swapped for an empty one."""
        self._accepting = True

    def scan(
        self,
        folders: Collection[str] | None = None,
        *,
        known: Mapping[str, Collection[str]] | None = None,
        tick: Callable[[], None] | None = None,
    ) -> Scan:
        """Look at `folders` (relative to the root, not recursively; None: everything) and at what was settling.

        `known` gives the ids that files held in an earlier life; the first scan needs it. `tick` is called after
        every 50 files, so that a long scan can let others run.
        """
        self._read = self._looked = 0
        self._tick = tick or _nothing
        self._lost_files.learn(known or {})
        try:
            base, identity = self._locate()
            everything = folders is None or identity != self._identity
            walk = self._walk(base, None if everything else folders)
        except OSError as error:
            return self._lost(RootState.MISSING if is_gone(error) else RootState.UNREADABLE)
        if identity != self._identity and self._is_swapped_empty(walk):
            return self._lost(RootState.SWAPPED_EMPTY)
        self._is_first = self._identity is None
        self._base, self._identity, self._accepting = base, identity, False
        self._refresh(walk, everything=everything)
        return self._publish()

    # --- the root -----------------------------------------------------------------------------------------------

    def _locate(self) -> tuple[str, tuple[int, int]]:
        """Resolve the root, which may be a link that flips: one scan sees one folder. Raises OSError."""
        base = os.path.realpath(self.root, strict=True)
        status = os.lstat(base)
        if not stat.S_ISDIR(status.st_mode):
            raise OSError(errno.EINVAL, "not a folder", base)
        return base, (status.st_dev, status.st_ino)

    def _walk(self, base: str, folders: Collection[str] | None) -> Walk:
        if folders is None:
            walk = walk_all(base, self._tick)
        else:
            walk = walk_some(base, {*folders, *self._again}, self._folders, self._broken, self._tick)
        if walk.root_error is not None:
            raise walk.root_error
        return walk

    def _is_swapped_empty(self, walk: Walk) -> bool:
        had = self._identity is not None and self._files > 0
        return had and not self._accepting and not walk.broken and not any(x.files for x in walk.listings.values())

    def _lost(self, state: RootState) -> Scan:
        return Scan(root=state, files=self._files)

    # --- taking a walk in ---------------------------------------------------------------------------------------

    def _refresh(self, walk: Walk, *, everything: bool) -> None:
        if everything:
            self._settings.refresh(self._base)
            self._over = False
            self._revalidate()
        self._again = set()
        self._apply(walk)
        for _ in range(_ROUNDS):
            if not self._again:
                break
            folders, self._again = self._again, set()
            self._apply(walk_some(self._base, folders, self._folders, self._broken, self._tick))
        if not self._is_first:
            self._look_at_links(walk)
            self._look_at_settling()
        self._lost_files.forget_old(seen_all=everything)

    def _apply(self, walk: Walk) -> None:
        for folder, problem in walk.broken.items():
            self._break(folder, problem)
        gone = self._gone_folders(walk)
        for folder in gone:
            self._drop_folder(folder)
        for folder, listing in walk.listings.items():
            self._broken.pop(folder, None)
            self._bad_names.pop(folder, None)
            if listing.problems:
                self._bad_names[folder] = listing.problems
            self._links.pop(folder, None)
            if listing.links:
                self._links[folder] = listing.links
            self._apply_listing(listing, self._folders.setdefault(folder, {}))

    def _gone_folders(self, walk: Walk) -> list[str]:
        """Return the known folders that the listing of the folder above them does not have any more."""
        there = {join(folder, name) for folder, listing in walk.listings.items() for name in listing.folders}
        return [f for f in self._folders if f and f not in there and f.rpartition("/")[0] in walk.listings]

    def _apply_listing(self, listing: Listing, records: dict[str, FileRecord]) -> None:
        folder = listing.folder
        for name in records.keys() - set(listing.files):
            self._drop(folder, name)
        prefix = f"{self._base}/{folder}/" if folder else f"{self._base}/"
        for name in listing.files:
            record = records.get(name)
            is_link = name in listing.links
            if record is None or record.retry or is_link or not _is_same(record, prefix + name):
                self._look(folder, name, is_link=is_link)
            self._looked += 1
            if self._looked % _TICK == 0:
                self._tick()

    def _look(self, folder: str, name: str, *, is_link: bool) -> None:
        """Look closer at a file that is new, changed, a link, or could not be read before."""
        try:
            self._read_settled(folder, name, is_link=is_link)
        except Vanished:
            self._settling.done(join(folder, name))
            self._again.add(folder)

    def _read_settled(self, folder: str, name: str, *, is_link: bool) -> None:
        file, record = join(folder, name), self._folders[folder].get(name)
        if record is None and self._files >= self._settings.settings.max_files:
            self._over = True
            return
        found: bytes | Unreadable | None
        found, path, seen = _probe(self._base, file, is_link=is_link)
        if record is not None and seen == record.signature:
            if not record.retry:
                self._settling.done(file)
                return
        elif not self._is_first and not self._settling.is_settled(file, seen):
            return
        if found is None:
            found, now_seen = _read(path, seen)
            self._read += 1
            if now_seen != seen and not self._settling.is_settled(file, now_seen):
                return
            seen = now_seen
        self._settling.done(file)
        self._take(folder, name, seen, found)

    def _take(self, folder: str, name: str, seen: bytes, found: "bytes | Unreadable") -> None:
        """Put what a file says into the index, unless it says what it said before."""
        file, records = join(folder, name), self._folders[folder]
        record = records.get(name)
        if record is None:
            record = records[name] = FileRecord(seen)
            self._files += 1
        record.signature, record.retry = seen, False
        if isinstance(found, Unreadable):
            state, record.content = failed_state(file, found), b""
            record.retry = state.unreadable
        else:
            if self._is_first and _is_fresh(seen):
                self._doubt(file, record)
            content = blake2b(found, digest_size=16).digest()
            if content == record.content:
                return
            state, record.content = read_state(file, found, self._validator), content
        self._index.put(file, state, self._lost_files.recall(file))

    def _doubt(self, file: str, record: FileRecord) -> None:
        """Have a file that the first scan may have read half written read again once it has settled."""
        self._settling.is_settled(file, record.signature)
        record.signature = b""

    def _look_at_links(self, walk: Walk) -> None:
        elsewhere = [(f, name) for f, names in self._links.items() if f not in walk.listings for name in names]
        for folder, name in elsewhere[:_MOST_LINKS]:
            self._look(folder, name, is_link=True)

    def _look_at_settling(self) -> None:
        for file in self._settling.files():
            folder, _, name = file.rpartition("/")
            if folder in self._folders:
                self._look(folder, name, is_link=os.path.islink(f"{self._base}/{file}"))  # noqa: PTH114 — hot
            else:
                self._settling.done(file)

    def _revalidate(self) -> None:
        invalid, self._invalid = self._invalid, frozenset()
        if not invalid:
            return
        for folder, records in self._folders.items():
            for name, record in records.items():
                state = self._index.state(join(folder, name))
                if state is not None and any(c.id.partition("/")[0] in invalid for c in state.claims):
                    record.content, record.retry = b"", True

    # --- what goes away -----------------------------------------------------------------------------------------

    def _drop(self, folder: str, name: str) -> None:
        file = join(folder, name)
        del self._folders[folder][name]
        self._files -= 1
        self._settling.done(file)
        self._lost_files.lost(file, self._index.drop(file))

    def _drop_folder(self, folder: str) -> None:
        for gone in list(beneath(folder, self._folders)):
            for name in list(self._folders[gone]):
                self._drop(gone, name)
            del self._folders[gone]
            self._bad_names.pop(gone, None)
            self._links.pop(gone, None)
            self._broken.pop(gone, None)

    def _break(self, folder: str, problem: Diagnostic) -> None:
        """A folder is there and cannot be listed: what was in it is unreadable, not absent."""
        self._broken[folder] = problem
        self._folders.setdefault(folder, {})
        for file in self._lost_files.files():
            if file.startswith(folder + "/"):
                self._adopt(file)
        for held in list(beneath(folder, self._folders)):
            for name, record in self._folders[held].items():
                file = join(held, name)
                record.signature, record.content, record.retry = b"", b"", True
                self._settling.done(file)
                state = FileState(diagnostics=(problem,), unreadable=True)
                self._index.put(file, state, self._lost_files.recall(file))

    def _adopt(self, file: str) -> None:
        """Count a file as there although nobody can see it now, and the folders on the way to it."""
        folder, _, name = file.rpartition("/")
        records = self._folders.setdefault(folder, {})
        self._files += name not in records
        records[name] = FileRecord(b"")
        while folder:
            self._folders.setdefault(folder, {})
            folder = folder.rpartition("/")[0]

    # --- what comes of it ---------------------------------------------------------------------------------------

    def _publish(self) -> Scan:
        problems = [*self._settings.settings.diagnostics, *self._broken.values()]
        if self._over:
            problems.append(too_many(self._settings.settings.max_files))
        problems += [d for found in self._bad_names.values() for d in found]
        is_same = not self._index.touched and problems == self._problems and self._files == self._snapshot.files
        changed, moved = self._index.commit()
        if not is_same:
            self._problems = problems
            self._snapshot = Snapshot(self._index.desired, self._files, [*problems, *self._index.diagnostics()])
        due = self._settling.due_in()
        recheck_in = SETTLE if due is None and self._again else due
        return Scan(changed, RootState.OK, self._files, self._read, recheck_in, tuple(problems), moved)


def _is_same(record: FileRecord, path: str) -> bool:
    """Whether a regular file is as it was when it was read; what cannot be seen is not."""
    try:
        return signature(os.lstat(path)) == record.signature
    except OSError:
        return False


def _probe(base: str, file: str, *, is_link: bool) -> tuple[Unreadable | None, str, bytes]:
    """Return what is wrong with what stands at `file`, or None with the path to open; and its signature."""
    path = f"{base}/{file}"
    try:
        path = resolve_link(path, base) if is_link else path
        return None, path, signature(check_regular(path))
    except Unreadable as problem:
        return problem, path, b"!" + str(problem).encode()


def _read(path: str, seen: bytes) -> tuple[bytes | Unreadable, bytes]:
    """Return the content of a file and its signature just before it was read."""
    try:
        data, status = read_file(path)
    except Unreadable as problem:
        return problem, seen
    return data, signature(status)


def _is_fresh(seen: bytes) -> bool:
    """Whether a file was written so lately that a second write may have had the same time as the first.

    The wall clock only makes a file suspect here; one that is wrong costs one more read.
    """
    return time.time() - changed_at(seen) < 2 * SETTLE


def _nothing() -> None:
    return None
