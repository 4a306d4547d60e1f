"""What files said in an earlier life, so that a start reads and judges only those that have changed since.

A cache and nothing else: losing it costs a start that reads everything. An entry stands for a file of exactly the
same signature (times, size, inode, device), judged by the same basis (`Validator.basis`), and only for a file without
any finding. Two things are never kept: a document with a literal at the place of a secret, and a file that had been
changed so shortly before it was read that a second change could have had the same time (as git distrusts its index).

Used by `directory`, in its thread; where the bytes lie is the shelf's.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Protocol

from reconciler.config.files import changed_at
from reconciler.config.tree.read import FileRecord
from reconciler.config.tree.snapshot import Claim, FileState
from reconciler.config.validation import Validator
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Span

FORMAT: Final = 1
"""Raised with every change of what is written here."""
SURE_AFTER = 2.0
"""How long a file must have been unchanged when it was read, in seconds: the coarsest file systems count so."""
_A_LINE = 250
"""How many files stand on a line: one line is made or read at a time, so that other threads get their turn."""
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where the bytes lie between two lives."""

    def load(self) -> bytes | None:
        """Return them, or None where there are none that can be had."""

    def save(self, parts: Iterable[bytes]) -> None:
        """Replace them, whole or not at all; what fails is logged."""


@dataclass(slots=True, eq=False)
class Kept:
    """One file: its signature, the digest of its bytes, and what its documents claim."""

    signature: bytes
    content: bytes
    claims: tuple[Claim, ...]


class KeptFiles:
    """The entries of one root. `load` once, `recall` each file, `read` those that were read after all, `save` once."""

    def __init__(self, validator: Validator, shelf: Shelf) -> None:
        self._validator = validator
        self._shelf = shelf
        self._found: dict[str, Kept] = {}
        self._sure: dict[str, bytes] = {}
        self._is_news = False

    def load(self) -> None:
        """Take in what the shelf holds; what cannot be understood, or was judged by another basis, is not there."""
        data = self._shelf.load()
        if data is None:
            self._is_news = True
            return
        try:
            self._found = self._understood(data)
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            log.info("what files said in an earlier life cannot be read (%s): all of them are", type(error).__name__)
            self._found, self._is_news = {}, True

    def recall(self, file: str, signature: bytes) -> Kept | None:
        """Return what a file of this signature says, once."""
        kept = self._found.get(file)
        if kept is None or kept.signature != signature:
            return None
        self._sure[file] = signature
        del self._found[file]
        return kept

    def read(self, file: str, signature: bytes, began: float) -> None:
        """A file was read after `began` (since the epoch), and had this signature just before."""
        if began - changed_at(signature) >= SURE_AFTER:
            self._sure[file] = signature
            self._is_news = True

    def save(self, files: Iterable[tuple[str, FileRecord, FileState]]) -> None:
        """Put what is known of `files` on the shelf, unless it is what lies there already."""
        if self._is_news or self._found:
            self._shelf.save(_with_checksum(self._lines(files)))
        self._found, self._sure, self._is_news = {}, {}, False

    # --- bytes --------------------------------------------------------------------------------------------------

    def _lines(self, files: Iterable[tuple[str, FileRecord, FileState]]) -> Iterator[str]:
        integrations: dict[str, str] = {}
        line: list[Any] = []
        for file, record, state in files:
            if record.content and self._sure.get(file) == record.signature and _can_be_kept(state):
                for claim in state.claims:
                    name = claim.id.partition("/")[0]
                    if name not in integrations:
                        integrations[name] = self._validator.basis(name)
                line.append(_entry(file, record, state))
                if len(line) == _A_LINE:
                    yield _encode(line)
                    line = []
        yield _encode(line)
        yield _encode({"format": FORMAT, "user": _user(), "basis": integrations})

    def _understood(self, data: bytes) -> dict[str, Kept]:
        body, _, checksum = data.rpartition(b"\n")
        if _checksum(body + b"\n") != checksum:
            raise ValueError("it is damaged")
        *lines, last = body.split(b"\n")
        head = json.loads(last)
        if head["format"] != FORMAT or head["user"] != _user():
            raise ValueError("it is of another version or user")
        same = {name for name, basis in head["basis"].items() if basis and basis == self._validator.basis(name)}
        self._is_news = len(same) < len(head["basis"])
        found: dict[str, Kept] = {}
        for line in lines:
            for file, signature, content, claims in json.loads(line):
                if all(claim[6]["integration"] in same for claim in claims):
                    kept = tuple(_claim(file, claim) for claim in claims)
                    found[file] = Kept(bytes.fromhex(signature), bytes.fromhex(content), kept)
        return found


def _can_be_kept(state: FileState) -> bool:
    if state.diagnostics or state.unreadable or not state.claims:
        return False
    return all(claim.document is not None and claim.persistable for claim in state.claims)


def _entry(file: str, record: FileRecord, state: FileState) -> list[Any]:
    claims = []
    for claim in state.claims:
        assert claim.document is not None
        s = claim.span
        claims.append(
            [claim.line, s.line, s.column, s.end_line, s.end_column, claim.document.digest, claim.document.raw]
        )
    return [file, record.signature.hex(), record.content.hex(), claims]


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
