"""What is known of a directory's files from scan to scan: which are there, what they said, which to read again.

`directory` says which folders were listed and asks what came of it; this looks at the files in them. It holds the
`Index` that ids are derived from. One thread at a time.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

from reconciler.config.files import Listing, Unreadable, Vanished, join
from reconciler.config.tree.index import Index
from reconciler.config.tree.kept import KeptFiles, state_of
from reconciler.config.tree.memory import LostFiles, Settling
from reconciler.config.tree.probe import is_fresh, is_same, probe, read
from reconciler.config.tree.read import FileRecord, failed_state, read_state
from reconciler.config.tree.snapshot import FileState
from reconciler.config.tree.walk import Walk, beneath, walk_some
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Policy

_ROUNDS = 3
"""How often one scan lists a folder again in which something vanished between listing and opening."""
_TICK = 50
_MOST_LINKS = 200
"""How many links every scan looks at, whatever folders it lists: what a link leads to changes somewhere else."""


class FileTree:
    """The files of one root, by folder. `files` is how many there are, `read` how many the last refresh read.

    `folders` and `broken` (those that cannot be listed) are what the next walk needs to know; `again` are folders to
    list again because something vanished in them; `is_over` says that there are more files than the limit.
    """

    def __init__(
        self, validator: Validator, now: Callable[[], float], settle: float, kept: KeptFiles | None = None
    ) -> None:
        self.index = Index()
        self.settling = Settling(now, settle)
        self._settle = settle
        self.folders: dict[str, dict[str, FileRecord]] = {}
        self.broken: dict[str, Diagnostic] = {}
        self.again: set[str] = set()
        self.files = self.read = 0
        self.is_over = False
        self._validator = validator
        self._kept = kept
        self._lost_files = LostFiles(now)
        self._bad_names: dict[str, list[Diagnostic]] = {}
        self._links: dict[str, set[str]] = {}
        self._base = ""
        self._limit = 0
        self._is_first = True
        self._tick: Callable[[], None] = _nothing
        self._looked = 0
        self.policy: Policy | None = None
        """What the folders may hold; what was judged by another one is to be judged again: see `revalidate`."""

    def learn(self, known: Mapping[str, Collection[str]]) -> None:
        """Take in which ids files held in an earlier life."""
        self._lost_files.learn(known)

    def refresh(self, walk: Walk, base: str, limit: int, tick: Callable[[], None], *, everything: bool) -> None:
        """Take in what a walk of the root `base` listed, reading what changed and settled.

        At most `limit` files are taken; `tick` is called after every 50; `everything` says that the walk was whole.
        """
        self._base, self._limit, self._tick = base, limit, tick
        self.read = self._looked = 0
        self.is_over = self.is_over and not everything
        self.again = set()
        if self._is_first and self._kept is not None:
            self._kept.load(self.policy_key)
        self._apply(walk)
        for _ in range(_ROUNDS):
            if not self.again:
                break
            folders, self.again = self.again, set()
            self._apply(walk_some(base, folders, self.folders, self.broken, tick))
        if not self._is_first:
            self._look_at_links(walk)
            self._look_at_settling()
        self._lost_files.forget_old(seen_all=everything)
        self._is_first = False

    def revalidate(self, integrations: Collection[str] | None = None) -> None:
        """Have every document of these integrations, or of all, checked again by the next whole refresh."""
        for folder, records in self.folders.items():
            for name, record in records.items():
                state = self.index.state(join(folder, name))
                if integrations is None or (
                    state is not None and any(c.id.partition("/")[0] in integrations for c in state.claims)
                ):
                    record.content, record.retry = b"", True

    @property
    def policy_key(self) -> str:
        """What changes when documents are to be judged by another policy; the empty string where there is none."""
        return self.policy.key if self.policy is not None else ""

    def problems(self) -> list[Diagnostic]:
        """Return the findings about folders and names."""
        return [*self.broken.values(), *(d for found in self._bad_names.values() for d in found)]

    # --- looking at files ---------------------------------------------------------------------------------------

    def _apply(self, walk: Walk) -> None:
        for folder, problem in walk.broken.items():
            self._break(folder, problem)
        gone = self._gone_folders(walk)
        for folder in gone:
            self._drop_folder(folder)
        try:
            for folder, listing in walk.listings.items():
                self._take_listing(folder, listing)
        finally:  # before another walk drops some of it, and also where this one fails: there are records of it
            if self._is_first and self._kept is not None:
                self._take_recalled(self._kept)

    def _take_listing(self, folder: str, listing: Listing) -> None:
        self.broken.pop(folder, None)
        self._bad_names.pop(folder, None)
        if listing.problems:
            self._bad_names[folder] = listing.problems
        self._links.pop(folder, None)
        if listing.links:
            self._links[folder] = listing.links
        self._apply_listing(listing, self.folders.setdefault(folder, {}))

    def _gone_folders(self, walk: Walk) -> list[str]:
        """Return the known folders that the listing of the folder above them does not have any more."""
        there = {join(folder, name) for folder, listing in walk.listings.items() for name in listing.folders}
        return [f for f in self.folders if f and f not in there and f.rpartition("/")[0] in walk.listings]

    def _apply_listing(self, listing: Listing, records: dict[str, FileRecord]) -> None:
        folder = listing.folder
        for name in records.keys() - set(listing.files):
            self._drop(folder, name)
        prefix = f"{self._base}/{folder}/" if folder else f"{self._base}/"
        names = self._recall(listing, records, prefix) if self._is_first and not records else listing.files
        for name in names:
            record = records.get(name)
            is_link = name in listing.links
            if record is None or record.retry or is_link or not is_same(prefix + name, record.signature):
                self._look(folder, name, is_link=is_link)
            self._count()

    def _recall(self, listing: Listing, records: dict[str, FileRecord], prefix: str) -> list[str]:
        """Note which files are as they were in an earlier life; returns the names of the others."""
        kept = self._kept
        if kept is None:
            return listing.files
        inner = f"{listing.folder}/" if listing.folder else ""
        names = [name for name in listing.files if name not in listing.links] if listing.links else listing.files
        for start in range(0, len(names), _TICK):
            some = names[start : start + max(0, min(_TICK, self._limit - self.files))]
            same = kept.recall(inner, prefix, some)
            records.update([(file[len(inner) :], FileRecord(seen, content)) for file, seen, content, _, _ in same])
            self.files += len(same)
            self._tick()
        return [name for name in listing.files if name not in records]

    def _take_recalled(self, kept: KeptFiles) -> None:
        """Take the files that are as they were for what they said then: every file of a start, so with few calls."""
        put, earlier = self.index.put, self._lost_files.recall
        for known in kept.recalled():
            file = known[0]
            put(file, state_of(known), earlier(file))

    def _count(self) -> None:
        self._looked += 1
        if self._looked % _TICK == 0:
            self._tick()

    def stand(self) -> Iterator[tuple[str, FileRecord, FileState]]:
        """Return every regular file with its record and what it says."""
        for folder, records in self.folders.items():
            links = self._links.get(folder, ())
            for name, record in records.items():
                state = self.index.state(join(folder, name))
                if state is not None and name not in links:
                    yield join(folder, name), record, state

    def _look(self, folder: str, name: str, *, is_link: bool) -> None:
        """Look closer at a file that is new, changed, a link, or could not be read before."""
        try:
            self._read_settled(folder, name, is_link=is_link)
        except Vanished:
            self.settling.done(join(folder, name))
            self.again.add(folder)

    def _read_settled(self, folder: str, name: str, *, is_link: bool) -> None:
        file, record = join(folder, name), self.folders[folder].get(name)
        if record is None and self.files >= self._limit:
            self.is_over = True
            return
        found: bytes | Unreadable | None
        began = time.time()
        found, path, seen = probe(self._base, file, is_link=is_link)
        if record is not None and seen == record.signature:
            if not record.retry:
                self.settling.done(file)
                return
        elif not self._is_first and not self.settling.is_settled(file, seen):
            return
        if found is None:
            found, now_seen = read(path, seen)
            self.read += 1
            if now_seen != seen and not self.settling.is_settled(file, now_seen):
                return
            seen = now_seen
        self.settling.done(file)
        self._take(folder, name, seen, found, path.removeprefix(f"{self._base}/"))
        if self._kept is not None and self._is_first and isinstance(found, bytes):
            self._kept.read(file, seen, began)

    def _take(self, folder: str, name: str, seen: bytes, found: "bytes | Unreadable", target: str) -> None:
        """Put what a file says into the index, unless it says what it said before; `target` is where it was read."""
        file, records = join(folder, name), self.folders[folder]
        record = records.get(name)
        if record is None:
            record = records[name] = FileRecord(seen)
            self.files += 1
        record.signature, record.retry = seen, False
        if isinstance(found, Unreadable):
            state, record.content = failed_state(file, found), b""
            record.retry = state.unreadable
        else:
            if self._is_first and is_fresh(seen, 2 * self._settle):
                self._doubt(file, record)
            content = blake2b(found, digest_size=16).digest() + (b"" if target == file else target.encode())
            if content == record.content:
                return
            bounds = self.policy.bounds(file, target) if self.policy is not None else None
            state, record.content = read_state(file, found, self._validator, bounds), content
        self.index.put(file, state, self._lost_files.recall(file))

    def _doubt(self, file: str, record: FileRecord) -> None:
        """Have a file that the first scan may have read half written read again once it has settled."""
        self.settling.is_settled(file, record.signature)
        record.signature = b""

    def _look_at_links(self, walk: Walk) -> None:
        elsewhere = [(f, name) for f, names in self._links.items() if f not in walk.listings for name in names]
        for folder, name in elsewhere[:_MOST_LINKS]:
            self._look(folder, name, is_link=True)

    def _look_at_settling(self) -> None:
        for file in self.settling.files():
            folder, _, name = file.rpartition("/")
            if folder in self.folders:
                self._look(folder, name, is_link=os.path.islink(f"{self._base}/{file}"))  # noqa: PTH114 — hot
            else:
                self.settling.done(file)

    # --- what goes away -----------------------------------------------------------------------------------------

    def _drop(self, folder: str, name: str) -> None:
        file = join(folder, name)
        del self.folders[folder][name]
        self.files -= 1
        self.settling.done(file)
        self._lost_files.lost(file, self.index.drop(file))

    def _drop_folder(self, folder: str) -> None:
        for gone in list(beneath(folder, self.folders)):
            for name in list(self.folders[gone]):
                self._drop(gone, name)
            del self.folders[gone]
            self._bad_names.pop(gone, None)
            self._links.pop(gone, None)
            self.broken.pop(gone, None)

    def _break(self, folder: str, problem: Diagnostic) -> None:
        """A folder is there and cannot be listed: what was in it is unreadable, not absent."""
        self.broken[folder] = problem
        self.folders.setdefault(folder, {})
        for file in self._lost_files.files():
            if file.startswith(folder + "/"):
                self._adopt(file)
        for held in list(beneath(folder, self.folders)):
            for name, record in self.folders[held].items():
                file = join(held, name)
                record.signature, record.content, record.retry = b"", b"", True
                self.settling.done(file)
                state = FileState(diagnostics=(problem,), unreadable=True)
                self.index.put(file, state, self._lost_files.recall(file))

    def _adopt(self, file: str) -> None:
        """Count a file as there although nobody can see it now, and the folders on the way to it."""
        folder, _, name = file.rpartition("/")
        records = self.folders.setdefault(folder, {})
        self.files += name not in records
        records[name] = FileRecord(b"")
        while folder:
            self.folders.setdefault(folder, {})
            folder = folder.rpartition("/")[0]


def _nothing() -> None:
    return None
