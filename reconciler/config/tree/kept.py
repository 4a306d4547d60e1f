"""What files said in an earlier life, so that a start reads and judges only those that have changed since.

A cache and nothing else: losing it costs a start that reads everything. An entry stands for a file of exactly the
same signature (times, size, inode, device), judged on the same basis (`Validator.basis`) by the same policy, and only
for a file without any finding. Two things are never kept: a document with a literal at the place of a secret, and a
file that had been changed so shortly before it was read that a second change could have had the same time (as git
distrusts its index).

Used by `directory`, in its thread; where the bytes lie is the shelf's. The same form serves what a child has read ahead
(`ahead.py`), and is believed on the same grounds.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from reconciler.config.files import changed_at, signature
from reconciler.config.tree.kept_form import (
    A_PACK,
    HEAD,
    Head,
    KeptClaim,
    KeptFile,
    Pack,
    first_id,
    head_of,
    pack,
    packs_of,
    settled,
    unpack,
    written,
)
from reconciler.config.tree.memory import SURE_AFTER
from reconciler.config.tree.read import FileRecord
from reconciler.config.tree.snapshot import NO_IDS, Claim, FileState
from reconciler.config.validation import Validator
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Span

_SAMPLE: Final = 50
"""How many files are in the sample, each with its folder."""
_NEARLY: Final = 0.8
"""The share of the sample that has to be as it was, for what is kept to be worth more than what two can read."""
log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where the bytes lie between two lives."""

    def load(self) -> bytes | None:
        """Return them, or None where there are none that can be had."""

    def peek(self, size: int) -> bytes | None:
        """Return the first of them, at most `size`."""

    def save(self, parts: Iterable[bytes]) -> None:
        """Replace them, whole or not at all; what fails is logged."""


Handed = tuple[str, dict[str, str], bool, list[Pack]]
"""What was read ahead: the policy's key, the basis by integration, whether the shelf lacks some of it, the files."""


class KeptFiles:
    """The entries of one root, by id.

    `load` once, `recall` each file, `recalled` once, `read` those that were read after all, `save` once.
    """

    def __init__(
        self,
        validator: Validator,
        shelf: Shelf,
        take: Callable[[], Handed | None] = lambda: None,
        *,
        sure_after: float = SURE_AFTER,
    ) -> None:
        self._validator = validator
        self._shelf = shelf
        self._take = take
        self._sure_after = sure_after
        self._found: dict[str, KeptFile] = {}
        self._alike: dict[str, bytes] = {}
        self._sure: dict[str, bytes] = {}
        self._policy = ""
        self.is_news = False
        """Whether what is known is not what lies on the shelf."""

    def load(self, policy: str) -> None:
        """Take in what was read ahead, or else what the shelf holds; `policy` is the key of the directory's.

        What cannot be understood, or was judged on another basis, is not there.
        """
        self._policy = policy
        self._validator.note_code()
        handed = self._take()
        if handed is None or handed[0] != policy:
            self._load()
            return
        _, basis, self.is_news, packs = handed
        same = self._same(basis)
        for some in packs:
            self._found.update(unpack(some, same))

    def _load(self) -> None:
        data = self._shelf.load()
        if data is None:
            self.is_news = True
            return
        try:
            self._found = self._understood(data)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, EOFError) as error:
            log.info("what files said in an earlier life cannot be read (%s): all of them are", type(error).__name__)
            self._found, self.is_news = {}, True

    def recall(self, folder: str, path: str, names: Iterable[str]) -> list[KeptFile]:
        """Return what is kept of those of `names` that are files of the same signature.

        `folder` is where they are, relative to the root, and `path` the whole of it; both end with a slash, where they
        are not empty. Only regular files are kept, and what has the same inode and times is still one. Every file of a
        start is asked for, before anybody is served: few calls, and many at a time.
        """
        found, same, lstat, kept_now = self._found, self._alike, os.lstat, []
        for name in names:
            kept = found.get(folder + name)
            if kept is None:
                continue
            try:
                seen = signature(lstat(path + name))
            except OSError:
                continue
            if seen == kept[1]:
                same[kept[0]] = seen
                kept_now.append(kept)
        return kept_now

    def recalled(self) -> Iterable[KeptFile]:
        """Return all that was recalled, once, by id: so go the steps that follow, which find it side by side."""
        found, same = self._found, self._alike
        if len(same) == len(found):
            known, self._found = list(found.values()), {}
        else:
            known = [kept for file, kept in found.items() if file in same]
            self._found = {file: kept for file, kept in found.items() if file not in same}
        unsure = [kept[0] for kept in known if not kept[3]]
        self._sure.update(same)
        for file in unsure:
            del self._sure[file]
        self._alike = {}
        return known

    def is_sure(self, signature: bytes, began: float) -> bool:
        """Whether a file that was read after `began` (since the epoch) could not have changed once more unseen."""
        return began - changed_at(signature) >= self._sure_after

    def read(self, file: str, signature: bytes, began: float) -> None:
        """A file was read after `began` (since the epoch), and had this signature just before."""
        if self.is_sure(signature, began):
            self._sure[file] = signature
            self.is_news = True

    def save(self, base: str, files: Iterable[tuple[str, FileRecord, FileState]], policy: str) -> None:
        """Put what is known of `files` on the shelf, unless it is what lies there already, or the policy changed.

        `base` is the folder they are in.
        """
        if policy == self._policy and (self.is_news or self._found):
            self._shelf.save(self._written(base, files))
        self._found, self._sure, self.is_news = {}, {}, False

    # --- bytes --------------------------------------------------------------------------------------------------

    def _written(self, base: str, files: Iterable[tuple[str, FileRecord, FileState]]) -> Iterator[bytes]:
        entries = [
            (file, record.signature, record.content, True, claims_of(state))
            for file, record, state in files
            if record.content and self._sure.get(file) == record.signature and can_be_kept(state)
        ]
        entries.sort(key=first_id)
        names = {claim[-1]["integration"] for *_, claims in entries for claim in claims}
        basis = {name: self._validator.basis(name) for name in sorted(names)}
        head = Head(self._policy, basis, _sampled(base, entries))
        yield from written(head, (settled(pack(entries[i : i + A_PACK])) for i in range(0, len(entries), A_PACK)))

    def _understood(self, data: bytes) -> dict[str, KeptFile]:
        head = head_of(data)
        same = self._same(head.basis) if head.policy == self._policy else set()
        self.is_news = len(same) < len(head.basis)
        found: dict[str, KeptFile] = {}
        for some in packs_of(data, head):
            found.update(unpack(some, same))
        return found

    def _same(self, basis: Mapping[str, str]) -> set[str]:
        """Return the integrations whose documents are judged as they were."""
        return {name for name, digest in basis.items() if digest and digest == self._validator.basis(name)}


def holds_nearly_all(shelf: Shelf, root: Path) -> bool:
    """Whether the shelf has nearly all that the files of `root` say, as far as a sample of them can tell.

    It says nothing about any one file, only about how much there is to read.
    """
    data = shelf.peek(HEAD)
    try:
        base, sample = os.path.realpath(root, strict=True), head_of(data or b"").sample
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    same = sum(_seen(f"{base}/{name}") == seen for name, seen in sample.items())
    return bool(sample) and same >= _NEARLY * len(sample)


def can_be_kept(state: FileState) -> bool:
    """Whether all that a file says is one or more documents that nothing is wrong with, and that may be written."""
    if state.diagnostics or state.unreadable or not state.claims:
        return False
    return all(claim.document is not None and claim.persistable for claim in state.claims)


def state_of(kept: KeptFile) -> FileState:
    """Return what a file says."""
    file, _, _, _, claims = kept
    found = (_claim(file, claims[0]),) if len(claims) == 1 else tuple([_claim(file, claim) for claim in claims])
    return FileState(found, (), False, NO_IDS)


def claims_of(state: FileState) -> list[KeptClaim]:
    """Return what a file claims, as it is kept."""
    found = ((claim.line, claim.span, claim.document) for claim in state.claims if claim.document is not None)
    return [(line, s.line, s.column, s.end_line, s.end_column, doc.digest, doc.raw) for line, s, doc in found]


def _claim(file: str, kept: KeptClaim) -> Claim:
    line, first, column, last, end, digest, raw = kept
    document = ConfigDocument(raw, digest)
    return Claim(document.id, line, Span(file, first, column, last, end), document)


def _sampled(base: str, entries: Sequence[KeptFile]) -> dict[str, str]:
    """Return some of the files, spread over all, and their folders, with their signatures."""
    some = entries[:: max(1, len(entries) // _SAMPLE)]
    folders = sorted({name.rpartition("/")[0] or "." for name, *_ in some})
    return {folder: _seen(f"{base}/{folder}") for folder in folders} | {name: seen.hex() for name, seen, *_ in some}


def _seen(path: str) -> str:
    try:
        return signature(os.lstat(path)).hex()
    except OSError:
        return ""
