"""Reading a directory ahead: in a process of its own, while the one that wants it is still importing its code.

The child is forked before there is any thread. It looks at every file, judges those that are not kept from an earlier
life, and hands over what those without a finding say, in the form of `kept_form.py`. The parent believes that of a file
which still has the signature it was read with, judged on the basis that is the parent's too; it reads all others
itself. So whatever goes wrong with the child costs time alone. Begun by the daemon, taken by `KeptFiles`.
"""

import gc
import logging
import marshal
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.collector import without_gc
from reconciler.config.files import SUFFIXES, Unreadable, Vanished, changed_at, join, read_file, signature
from reconciler.config.run.workers import Worker, end, how_many, receive, spread, start
from reconciler.config.tree.kept import Handed, KeptFiles, Shelf, can_be_kept, claims_of
from reconciler.config.tree.kept_form import KeptFile, Pack, first_id, pack
from reconciler.config.tree.memory import Ages
from reconciler.config.tree.read import read_state
from reconciler.config.tree.settings_file import SettingsFile
from reconciler.config.tree.walk import walk_all
from reconciler.config.validation import Validator
from reconciler.model.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Policy

PAYS_FROM = 1000
"""From so many files on; below it a process costs more than it saves."""
MOST = 200_000
"""Above so many files two processes would hold too much at a time."""
_NOTHING = b"nothing"
_PATIENCE = 60.0
"""How long the parent waits for the child, in seconds."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
Make = Callable[[], tuple[Validator, Shelf]]
log = logging.getLogger(__name__)


class Ahead:
    """A child that reads; `take` what it found, once, or `close`."""

    def __init__(self, worker: Worker, patience: float) -> None:
        self._worker: Worker | None = worker
        self._patience = patience

    @classmethod
    def begin(
        cls,
        root: Path,
        make: Make,
        ages: Ages | None = None,
        *,
        pays_from: int = PAYS_FROM,
        patience: float = _PATIENCE,
    ) -> "Ahead | None":
        """Fork a child that reads the directory `root`, or return None where that does not pay or is not safe.

        `make` returns, in the child, a validator as the parent's will be, and what is kept from an earlier life.
        """
        if not hasattr(os, "fork") or threading.active_count() > 1 or not _is_large(root, pays_from):
            return None
        gc.freeze()  # no collection of the child's may visit, and so copy, what the parent has made
        try:
            return cls(start(None, partial(_read_as_child, root, make, ages or Ages()), ()), patience)
        except ReconcileError as error:
            log.info("%s: the directory is not read ahead", error)
            return None
        finally:
            gc.unfreeze()

    def take(self) -> Handed | None:
        """Return what the child has found, waiting for it; None where it died, or took too long."""
        worker, self._worker = self._worker, None
        if worker is None:
            return None
        try:
            if select.select([worker.pipe], [], [], self._patience)[0]:
                return _unpacked(receive(worker))
        except (ReconcileError, ValueError, EOFError, TypeError) as error:
            log.info("the directory was not read ahead (%s)", error)
        finally:
            end([worker])
        return None

    def close(self) -> None:
        """End the child, if it was not taken."""
        worker, self._worker = self._worker, None
        if worker is not None:
            end([worker])


def _is_large(root: Path, pays_from: int) -> bool:
    """Whether there are enough files, counted no further than that."""
    left, todo = pays_from, [os.fspath(root)]
    try:
        while todo and left > 0:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.name.endswith(SUFFIXES):
                        left -= 1
                    elif entry.name[0] not in "._" and entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
    except OSError:
        return False
    return left <= 0


def _read_as_child(root: Path, make: Make, ages: Ages, _share: None) -> bytes:
    for number in _SIGNALS:  # nobody reads what the parent's handlers would note here
        signal.signal(number, signal.SIG_DFL)
    logging.disable()  # what goes wrong, the parent finds for itself, and says once
    with without_gc():
        return _packed(read_ahead(root, *make(), ages))


def _packed(handed: Handed | None) -> bytes:
    """Return it in one piece: a head that says how long the packs are, and these as they are."""
    if handed is None:
        return _NOTHING
    key, basis, is_news, packs = handed
    head = marshal.dumps((key, basis, is_news, [(names, len(data)) for names, data in packs]))
    return b"".join([len(head).to_bytes(8, "big"), head, *(data for _, data in packs)])


def _unpacked(data: memoryview) -> Handed | None:
    """Return what `_packed` was given; the packs stay where they are. Raises what `marshal` does."""
    if data == _NOTHING:
        return None
    end = 8 + int.from_bytes(data[:8], "big")
    key, basis, is_news, lengths = marshal.loads(data[8:end])  # noqa: S302 — from our own child
    packs: list[Pack] = []
    for names, length in lengths:
        packs.append((names, data[end : end + length]))
        end += length
    return key, basis, is_news, packs


def read_ahead(
    root: Path, validator: Validator, shelf: Shelf, ages: Ages | None = None, *, most: int = MOST
) -> Handed | None:
    """Return what the files of `root` say as far as nothing is wrong with them.

    None where there are more files than `most`, or the policy that they are to be judged by is not known.
    """
    ages = ages or Ages()
    base = os.path.realpath(root, strict=True)
    settings = SettingsFile()
    policy = settings.refresh(base).policy
    if not settings.is_known:
        return None
    key = policy.key if policy is not None else ""
    kept = KeptFiles(validator, shelf, sure_after=ages.sure)
    kept.load(key)
    listings = walk_all(base, _nothing).listings.items()
    files = [join(f, name) for f, found in listings for name in found.files if name not in found.links | found.odd]
    if len(files) > most:
        return None
    kept.recall("", f"{base}/", files)
    found = list(kept.recalled())
    known = {name for name, *_ in found}
    rest = [file for file in files if file not in known]
    processes = how_many(None, len(rest))
    if rest:
        validator.prepare()  # here, and not in each of the processes
    shares = [rest[i::processes] for i in range(processes)]
    judge = partial(_judged, base, validator, policy, kept, ages.settle)
    packs = [pack(found), *spread(shares, lambda share: pack(sorted(judge(share), key=first_id)))]
    basis = {name: validator.basis(name) for name in frozenset().union(*(names for names, _ in packs))}
    return key, basis, kept.is_news or bool(rest), [some for some in packs if some[0]]


def _judged(
    base: str, validator: Validator, policy: "Policy | None", kept: KeptFiles, settle: float, files: Sequence[str]
) -> list[KeptFile]:
    """Read and judge `files`; what has a finding, cannot be read, or was changed just now, is left to the parent."""
    entries: list[KeptFile] = []
    for file in files:
        began = time.time()
        try:
            data, status = read_file(f"{base}/{file}")
        except (Unreadable, Vanished):
            continue
        seen = signature(status)
        if began - changed_at(seen) < 2 * settle:
            continue
        state = read_state(file, data, validator, policy.bounds(file) if policy is not None else None)
        if can_be_kept(state):
            content = blake2b(data, digest_size=16).digest()
            entries.append((file, seen, content, kept.is_sure(seen, began), claims_of(state)))
    return entries


def _nothing() -> None:
    return None
