"""The bytes in which what files said is kept for the next start, and handed over by the child that reads ahead.

Files are packed by the thousands in the form of `marshal`, the one that makes the objects quickest, and the one that
knows of parts that many share. It is no form for what others may have written: the shelf reads nothing that anybody
else could, and its checksum finds what was damaged. A head in JSON comes first, and says what is needed to know
whether all of it is worth anything.
"""

import json
import marshal
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from itertools import chain
from typing import Any, Final, NamedTuple

from reconciler.config.tree.sharing import Sharing

FORMAT: Final = 2
"""Raised with every change of what is written here."""
HEAD: Final = 64 * 1024
"""Hardly a head is longer, in bytes."""
A_PACK: Final = 10_000
"""How many files are packed, or unpacked, at a time, so that other threads get their turn."""
_SUM: Final = 16
_LENGTH: Final = 8

KeptClaim = Sequence[Any]
"""A document and its place: line, the four numbers of its name's span, digest, value."""
KeptFile = tuple[str, bytes, bytes, bool, Sequence[KeptClaim]]
"""One file: its name, signature and digest of its bytes, whether to keep it, and what its documents claim."""
Pack = tuple[frozenset[str], bytes | memoryview]
"""Some files in the form of `marshal`, and the integrations that they name."""


class Head(NamedTuple):
    """What the files were judged by: the policy's key and the basis of each integration; and a sample of them.

    The sample are some files and folders, by name, with the signatures they had.
    """

    policy: str
    basis: Mapping[str, str]
    sample: Mapping[str, str]


def pack(files: Sequence[KeptFile]) -> Pack:
    """Return some files packed; equal parts of their documents come out of `unpack` as one object."""
    sharing = Sharing()
    known = {
        name: (name, seen, content, sure, [(*claim[:-1], sharing.shared(claim[-1])) for claim in claims])
        for name, seen, content, sure, claims in files
    }
    names = frozenset(claim[-1]["integration"] for *_, claims in files for claim in claims)
    return names, marshal.dumps(known)


def first_id(kept: KeptFile) -> tuple[str, str]:
    """Return the two parts of the first id that a file claims."""
    value = kept[4][0][-1]
    return value["integration"], value["name"]


def settled(pack: Pack) -> Pack:
    """Return the same in the form that is taken over the quickest: it marks only what is shared within it."""
    names, data = pack
    return names, marshal.dumps(marshal.loads(data))  # noqa: S302 — it was made a moment ago


def unpack(pack: Pack, same: AbstractSet[str]) -> dict[str, KeptFile]:
    """Return the files of a pack by name, as far as `same` has all the integrations of their documents."""
    names, data = pack
    files: dict[str, KeptFile] = marshal.loads(data)  # noqa: S302 — our child's, or only this user can have written it
    if names <= same:
        return files
    return {name: kept for name, kept in files.items() if all(c[-1]["integration"] in same for c in kept[4])}


def written(head: Head, packs: Iterable[Pack]) -> Iterator[bytes]:
    """Return what to write: a line with the head, the packs, and a checksum."""
    said = {"format": FORMAT, "python": _python(), "user": _user(), **head._asdict()}
    summed = blake2b(digest_size=_SUM)
    line = json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n"
    for data in chain([line], *(_sized(data) for _, data in packs)):
        summed.update(data)
        yield bytes(data)
    yield summed.digest()


def head_of(data: bytes) -> Head:
    """Return the head that `data` begins with; raises ValueError, KeyError or TypeError where there is none of ours."""
    said = json.loads(data[: data.index(b"\n")])
    if (said["format"], said["python"], said["user"]) != (FORMAT, _python(), _user()):
        raise ValueError("it is of another version or user")
    return Head(said["policy"], said["basis"], said["sample"])


def packs_of(data: bytes, head: Head) -> Iterator[Pack]:
    """Yield the packs, each for all the integrations of the head; raises ValueError where `data` is damaged."""
    view = memoryview(data)
    if blake2b(view[:-_SUM], digest_size=_SUM).digest() != view[-_SUM:]:
        raise ValueError("it is damaged")
    at, end = data.index(b"\n") + 1, len(data) - _SUM
    while at < end:
        length = int.from_bytes(view[at : at + _LENGTH], "big")
        at += _LENGTH + length
        yield frozenset(head.basis), view[at - length : at]


def _sized(data: "bytes | memoryview") -> "tuple[bytes | memoryview, ...]":
    return len(data).to_bytes(_LENGTH, "big"), data


def _python() -> str:
    """Return which interpreter reads and writes: the form is its own."""
    return f"{sys.implementation.name} {sys.version}"


def _user() -> int:
    """Return who reads the files: what one may read, another may not."""
    return os.geteuid() if hasattr(os, "geteuid") else 0
