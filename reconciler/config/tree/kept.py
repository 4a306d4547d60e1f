"""What files said in an earlier life, so that a start reads and judges only those that have changed since.

A cache and nothing else: losing it costs a start that reads everything. An entry stands for a file of exactly the
same signature (times, size, inode, device), judged on the same basis (`Validator.basis`) by the same policy, and only
for a file without any finding. Two things are never kept: a document with a literal at the place of a secret, and a
file that had been changed so shortly before it was read that a second change could have had the same time (as git
distrusts its index).

Used by `directory`, in its thread; where the bytes lie is the shelf's. The same form serves what a child has read ahead
(`ahead.py`), and is believed on the same grounds.
"""

import json
import logging
import marshal
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final, Protocol

from reconciler.config.files import changed_at, signature
from reconciler.config.tree.memory import SURE_AFTER
from reconciler.config.tree.read import FileRecord
from reconciler.config.tree.snapshot import NO_IDS, Claim, FileState
from reconciler.config.validation import Validator
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Span

FORMAT: Final = 1
"""Raised with every change of what is written here."""
_A_LINE = 250
"""How many files stand on a line: one line is made or read at a time, so that other threads get their turn."""
_PARTS = 7
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where the bytes lie between two lives."""

    def load(self) -> bytes | None:
        """Return them, or None where there are none that can be had."""

    def save(self, parts: Iterable[bytes]) -> None:
        """Replace them, whole or not at all; what fails is logged."""


KeptClaim = list[Any]
"""A document and its place: line, the four numbers of its name's span, digest, value."""
KeptFile = tuple[str, bytes, bytes, bool, list[KeptClaim]]
"""One file: its name, signature and digest of its bytes, whether to keep it, and what its documents claim."""
HandedPart = tuple[frozenset[str], bytes | memoryview]
"""Some files: the integrations that they name, and the `KeptFile`s by name in the form of `marshal`.

Whoever passes it on need not know what it says.
"""
Handed = tuple[str, dict[str, str], bool, list[HandedPart]]
"""What was read ahead: the policy's key, the basis by integration, whether the shelf lacks some of it, the files."""


class KeptFiles:
    """The entries of one root. `load` once, `recall` each file, `read` those that were read after all, `save` once."""

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
        _, basis, self.is_news, parts = handed
        same = self._same(basis)
        for names, part in parts:
            found: dict[str, KeptFile] = marshal.loads(part)  # noqa: S302 — from our own child
            if not names <= same:
                found = {file: kept for file, kept in found.items() if _names(kept) <= same}
            self._found.update(found)

    def _load(self) -> None:
        data = self._shelf.load()
        if data is None:
            self.is_news = True
            return
        try:
            self._found = self._understood(data)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            log.info("what files said in an earlier life cannot be read (%s): all of them are", type(error).__name__)
            self._found, self.is_news = {}, True

    def recall(self, file: str, path: str) -> KeptFile | None:
        """Return what is kept of a file, once, if what lies at `path` is a file of the same signature."""
        kept = self._found.get(file)
        if kept is None:
            return None
        try:
            status = os.lstat(path)
        except OSError:
            return None
        if signature(status) != kept[1] or not stat.S_ISREG(status.st_mode):
            return None
        if kept[3]:
            self._sure[file] = kept[1]
        del self._found[file]
        return kept

    def is_sure(self, signature: bytes, began: float) -> bool:
        """Whether a file that was read after `began` (since the epoch) could not have changed once more unseen."""
        return began - changed_at(signature) >= self._sure_after

    def read(self, file: str, signature: bytes, began: float) -> None:
        """A file was read after `began` (since the epoch), and had this signature just before."""
        if self.is_sure(signature, began):
            self._sure[file] = signature
            self.is_news = True

    def save(self, files: Iterable[tuple[str, FileRecord, FileState]], policy: str) -> None:
        """Put what is known of `files` on the shelf, unless it is what lies there already, or the policy changed."""
        if policy == self._policy and (self.is_news or self._found):
            self._shelf.save(_with_checksum(self._lines(files)))
        self._found, self._sure, self.is_news = {}, {}, False

    # --- bytes --------------------------------------------------------------------------------------------------

    def _lines(self, files: Iterable[tuple[str, FileRecord, FileState]]) -> Iterator[str]:
        integrations: dict[str, str] = {}
        line: list[Any] = []
        for file, record, state in files:
            if record.content and self._sure.get(file) == record.signature and can_be_kept(state):
                for claim in state.claims:
                    name = claim.id.partition("/")[0]
                    if name not in integrations:
                        integrations[name] = self._validator.basis(name)
                line.append([file, record.signature.hex(), record.content.hex(), claims_of(state)])
                if len(line) == _A_LINE:
                    yield _encode(line)
                    line = []
        yield _encode(line)
        yield _encode({"format": FORMAT, "user": _user(), "policy": self._policy, "basis": integrations})

    def _understood(self, data: bytes) -> dict[str, KeptFile]:
        body, _, checksum = data.rpartition(b"\n")
        if _checksum(body + b"\n") != checksum:
            raise ValueError("it is damaged")
        *lines, last = body.split(b"\n")
        head = json.loads(last)
        if head["format"] != FORMAT or head["user"] != _user():
            raise ValueError("it is of another version or user")
        same = self._same(head["basis"]) if head["policy"] == self._policy else set()
        self.is_news = len(same) < len(head["basis"])
        found: dict[str, KeptFile] = {}
        for line in lines:
            for file, seen, content, claims in json.loads(line):
                if all(len(claim) == _PARTS and claim[6]["integration"] in same for claim in claims):
                    found[file] = (file, bytes.fromhex(seen), bytes.fromhex(content), True, claims)
        return found

    def _same(self, basis: Mapping[str, str]) -> set[str]:
        """Return the integrations whose documents are judged as they were."""
        return {name for name, digest in basis.items() if digest and digest == self._validator.basis(name)}


def can_be_kept(state: FileState) -> bool:
    """Whether all that a file says is one or more documents that nothing is wrong with, and that may be written."""
    if state.diagnostics or state.unreadable or not state.claims:
        return False
    return all(claim.document is not None and claim.persistable for claim in state.claims)


def state_of(kept: KeptFile) -> FileState:
    """Return what a file says."""
    file = kept[0]
    return FileState(tuple([_claim(file, claim) for claim in kept[4]]), (), False, NO_IDS)


def claims_of(state: FileState) -> list[KeptClaim]:
    """Return what a file claims, as it is kept."""
    found = ((claim.line, claim.span, claim.document) for claim in state.claims if claim.document is not None)
    return [[line, s.line, s.column, s.end_line, s.end_column, doc.digest, doc.raw] for line, s, doc in found]


def _names(kept: KeptFile) -> set[str]:
    return {claim[6]["integration"] for claim in kept[4]}


def _claim(file: str, kept: list[Any]) -> Claim:
    line, first, column, last, end, digest, raw = kept
    document = ConfigDocument(raw, digest)
    return Claim(document.id, line, Span(file, first, column, last, end), document)


def _with_checksum(lines: Iterable[str]) -> Iterator[bytes]:
    summed = blake2b(digest_size=16)
    for line in lines:
        data = line.encode("ascii") + b"\n"
        summed.update(data)
        yield data
    yield summed.hexdigest().encode("ascii")


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).hexdigest().encode("ascii")


def _user() -> int:
    """Return who reads the files: what one may read, another may not."""
    return os.geteuid() if hasattr(os, "geteuid") else 0
