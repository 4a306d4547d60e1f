"""A directory of configurations, read again in proportion to what changed: the incremental side of `files`.

`scan` finds the root, lists folders, has `files` read what changed and settled, and gives a new `snapshot`.
It decides nothing about removal: an id that no file names is ABSENT, and the engine looks twice. Called by the engine
in one thread at a time, and by `plan` offline; `validate` goes through `run`, which keeps nothing.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from reconciler.config.files import SETTINGS_FILE, is_gone
from reconciler.config.tree.files import FileTree
from reconciler.config.tree.kept import KeptFiles
from reconciler.config.tree.memory import SETTLE
from reconciler.config.tree.settings import too_many
from reconciler.config.tree.settings_file import SettingsFile
from reconciler.config.tree.snapshot import Snapshot
from reconciler.config.tree.walk import Walk, walk_all, walk_some
from reconciler.config.validation import Validator
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.ports import Clock

Identity = tuple[int, int]
"""Which folder it is, whatever its name: device and inode."""


class RootState(StrEnum):
    """What the root of the directory is; its value completes the sentence "the root is …"."""

    OK = "ok"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    SWAPPED_EMPTY = "another folder than before, and empty"


class Scan(Struct, frozen=True):
    """What one scan found. Where `root` is not OK, nothing was changed and nothing must be removed.

    `changed` are the ids whose Desired differs, absent ones included, `moved` those that only stand elsewhere.
    `files` is how many files the directory holds, `read` how many were read now. `recheck_in` is in how many seconds
    to scan again because something is still being written (any folders will do, none too), or None: as long as it is
    given, an absence must not be confirmed, since a file may be on its way under another name. `problems` are
    findings about the root's settings, names, and folders that cannot be listed. `judged_again` says that the policy
    has changed: what was good before may not be allowed any more, whatever became of its file.
    """

    changed: frozenset[str] = frozenset()
    root: RootState = RootState.OK
    files: int = 0
    read: int = 0
    recheck_in: float | None = None
    problems: tuple[Diagnostic, ...] = ()
    moved: frozenset[str] = frozenset()
    judged_again: bool = False

    def concerned(self, known: Iterable[str]) -> set[str]:
        """Return the ids to look at, where `known` are all that there are."""
        return {*self.changed, *self.moved, *(known if self.judged_again else ())}


class Directory:
    """One root, which may be a link. Not thread-safe but for `snapshot` and `invalidate`."""

    def __init__(
        self,
        root: Path,
        validator: Validator,
        *,
        clock: Clock | None = None,
        settle: float = SETTLE,
        kept: KeptFiles | None = None,
    ) -> None:
        self.root = root
        self._validator = validator
        self._kept = kept
        now = clock.monotonic if clock is not None else time.monotonic
        self._tree = FileTree(validator, now, settle, kept)
        self._settings = SettingsFile(now, settle)
        self._judged_by = ""
        self._base = ""
        self._snapshot = Snapshot()
        self._identity: Identity | None = None
        self._earlier: Identity | None = None
        self._is_lost = False
        self._invalid: frozenset[str] = frozenset()
        self._problems: list[Diagnostic] = []

    @property
    def snapshot(self) -> Snapshot:
        """What the files ask for, as of the last scan."""
        return self._snapshot

    @property
    def named(self) -> tuple[str, ...]:
        """The files beneath the root that its settings are made of beside their own; from any thread."""
        return self._settings.named

    @property
    def identity(self) -> Identity | None:
        """Which folder the root was when it was last read."""
        return self._identity

    def recall(self, identity: Identity) -> None:
        """Say which folder the root was in an earlier life that had files in it, before the first scan."""
        self._earlier = identity

    def invalidate(self, integration_id: str) -> None:
        """Have the documents of an integration checked again by the next scan of everything; from any thread."""
        self._invalid |= {integration_id}

    def keep(self) -> None:
        """Put what the first scan has read where the next life finds it; in the thread that scans."""
        self._validator.prepare()
        if self._kept is not None and not self._invalid:
            self._kept.save(self._base, self._tree.stand(), self._tree.policy_key)

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
        tick = tick or _nothing
        self._tree.learn(known or {})
        try:
            base, identity = self._locate()
            judged_again = self._refresh_settings(base)
            # A root that was lost is not there again before all of it has been listed.
            everything = folders is None or judged_again or identity != self._identity or self._is_lost
            walk = self._walk(base, None if everything else folders, tick)
        except OSError as error:
            return self._lost(RootState.MISSING if is_gone(error) else RootState.UNREADABLE)
        if self._is_swapped_empty(walk, identity):
            return self._lost(RootState.SWAPPED_EMPTY)
        self._identity, self._is_lost = identity, False
        if judged_again:
            self._tree.revalidate()
        if everything:
            self._revalidate()
        self._tree.refresh(walk, base, self._settings.settings.max_files, tick, everything=everything)
        self._judged_by = self._tree.policy_key
        return self._publish(judged_again=judged_again)

    def permits(self, document: ConfigDocument | None, file: str) -> bool:
        """Whether a document that was good once may still run, by the policy of the file that it came from.

        Whatever cannot be known of the policy now does not stop what runs.
        """
        policy = self._tree.policy
        if policy is None or document is None:
            return True
        base, target = self._base, os.path.realpath(f"{self._base}/{file}")
        bounds = policy.bounds(file, target.removeprefix(f"{base}/") if target.startswith(f"{base}/") else "")
        return bounds is None or bounds.permit(document.raw)

    # --- the root -----------------------------------------------------------------------------------------------

    def _locate(self) -> tuple[str, Identity]:
        """Resolve the root, which may be a link that flips: one scan sees one folder. Raises OSError."""
        base = os.path.realpath(self.root, strict=True)
        status = os.lstat(base)
        if not stat.S_ISDIR(status.st_mode):
            raise OSError(errno.EINVAL, "not a folder", base)
        return base, (status.st_dev, status.st_ino)

    def _walk(self, base: str, folders: Collection[str] | None, tick: Callable[[], None]) -> Walk:
        if folders is None:
            walk = walk_all(base, tick)
        else:
            tree = self._tree
            walk = walk_some(base, {*folders, *tree.again}, tree.folders, tree.broken, tick)
        if walk.root_error is not None:
            raise walk.root_error
        return walk

    def _is_swapped_empty(self, walk: Walk, identity: Identity) -> bool:
        before = self._identity or self._earlier
        had = self._tree.files > 0 if self._identity is not None else before is not None
        is_empty = not walk.broken and not any(x.files for x in walk.listings.values())
        return had and identity != before and is_empty

    def _lost(self, state: RootState) -> Scan:
        self._is_lost = True
        return Scan(root=state, files=self._tree.files)

    # --- what comes of it ---------------------------------------------------------------------------------------

    def _revalidate(self) -> None:
        invalid, self._invalid = self._invalid | self._validator.installed_since(), frozenset()
        for integration_id in invalid:
            self._validator.forget(integration_id)
        if invalid:
            self._tree.revalidate(invalid)

    def _refresh_settings(self, base: str) -> bool:
        """Take in the settings of the root; returns whether the documents were judged by another policy."""
        settings, tree = self._settings.refresh(base), self._tree
        self._base = base
        if self._settings.is_known:
            tree.policy = settings.policy
        else:
            from reconciler.config.policy.policy import UnknownPolicy

            if not isinstance(tree.policy, UnknownPolicy):
                tree.policy = UnknownPolicy(SETTINGS_FILE)
        # A scan may end before it judges anything: until one has, the policy counts as changed.
        return tree.policy_key != self._judged_by

    def _publish(self, *, judged_again: bool) -> Scan:
        tree, settings = self._tree, self._settings.settings
        problems = [*self._settings.problems, *tree.problems()]
        if tree.is_over:
            problems.append(too_many(settings.max_files))
        is_same = not tree.index.touched and problems == self._problems and tree.files == self._snapshot.files
        changed, moved = tree.index.commit()
        if not is_same:
            self._problems = problems
            self._snapshot = Snapshot(tree.index.desired, tree.files, [*problems, *tree.index.diagnostics()])
        due = min((at for at in (tree.settling.due_in(), self._settings.due_in()) if at is not None), default=None)
        recheck_in = SETTLE if due is None and tree.again else due
        return Scan(changed, RootState.OK, tree.files, tree.read, recheck_in, tuple(problems), moved, judged_again)


def _nothing() -> None:
    return None
