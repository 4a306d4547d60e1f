"""Reading the id and the fallback of a file without parsing it, where they are certain: for files as they were.

A skim may claim too much, since the rest of a file may be broken, and never too little: of what it is not sure it says
so, and the file is checked whole. Called by `changed` alone, which asks again before it believes a suspicion.
"""

import os
import re
from collections.abc import Sequence
from typing import Final

_NAME: Final = rb"([a-z0-9][a-z0-9._-]*)"
_COMMENTS: Final = rb"(?:#[^\r\n]*\r?\n|\r?\n)*"
_HEAD: Final = re.compile(
    rb"(?:---\r?\n)?" + _COMMENTS + rb"integration: " + _NAME + rb"\r?\n" + _COMMENTS + rb"name: " + _NAME
    + rb"\r?\n(?=[^\s]|\Z)"
)  # fmt: skip
"""From the first byte to the end of both keys, with comments alone between: nothing that could be inside a string."""
_SWAPPED: Final = re.compile(
    rb"(?:---\r?\n)?" + _COMMENTS + rb"name: " + _NAME + rb"\r?\n" + _COMMENTS + rb"integration: " + _NAME
    + rb"\r?\n(?=[^\s]|\Z)"
)  # fmt: skip
_FALLBACK: Final = re.compile(
    rb"\ndelivery:\r?\n(?:[ ]+[a-z_]+: [A-Za-z0-9._/-]+\r?\n)*?"
    rb"[ ]+fallback: ([a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*)\r?\n"
)
_LEANING: Final = b"fallback"
_SEVERAL: Final = re.compile(rb"\n(?:---|\.\.\.)")
_BREAKS: Final = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
"""What libyaml takes for a line break beside the usual ones: a document could begin behind it."""
_ESCAPES: Final = (b"\\x", b"\\u", b"\\U")
"""What a key could hide behind."""
_UNSURE: Final = (None, None)
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
_MOST: Final = 8192
"""Of a larger file nothing is certain: there are few, and one read serves all the others."""
_AT_ONCE: Final = 64
"""How many files are judged together: looking for the same in all of them is cheaper than in each."""


class Skim:
    """What some files claim, in their order: the one id of each, None where it has to be checked whole to know.

    `fallbacks` are by the number of the file, `integrations` all those that an id names.
    """

    __slots__ = ("fallbacks", "ids", "integrations")

    def __init__(self) -> None:
        self.ids: list[bytes | None] = []
        self.fallbacks: dict[int, bytes] = {}
        self.integrations: set[bytes] = set()

    def add(self, other: "Skim") -> None:
        """Take in what the files behind these claim."""
        first = len(self.ids)
        self.ids += other.ids
        self.fallbacks.update((first + number, target) for number, target in other.fallbacks.items())
        self.integrations |= other.integrations


def skim_files(files: Sequence[str], base: str) -> Skim:
    """Return what each of the files claims. Never raises."""
    skim = Skim()
    root = os.open(base, os.O_RDONLY | os.O_CLOEXEC)
    for start in range(0, len(files), _AT_ONCE):
        _add(skim, _read(files[start : start + _AT_ONCE], root))
    os.close(root)
    return skim


def _read(files: Sequence[str], root: int) -> list[bytes]:
    """Return the beginning of each file; nothing for one that cannot be read, of which nothing is certain then."""
    handles: list[int] = []
    opened, read = os.open, os.read
    try:
        for file in files:
            handles.append(opened(file, _FLAGS, dir_fd=root))  # noqa: PERF401  known even where the next one fails
        return [read(handle, _MOST) for handle in handles]
    except OSError:
        return [b""] if len(files) == 1 else [text for file in files for text in _read([file], root)]
    finally:
        _close(handles)


def _close(handles: Sequence[int]) -> None:
    """Close files; all at once where their numbers follow each other, so that nobody else's is among them."""
    if handles and handles[-1] - handles[0] == len(handles) - 1 and handles == sorted(handles):
        os.closerange(handles[0], handles[-1] + 1)
    else:
        for handle in handles:
            os.close(handle)


def _add(skim: Skim, texts: list[bytes]) -> None:
    """Skim several texts at once: what makes one doubtful is looked for in all of them together, and is rare."""
    together = b"\0".join(texts)  # no text can begin or end with what is looked for by way of this
    heads = [_HEAD.match(text) for text in texts] if _is_calm(together) and max(map(len, texts)) < _MOST else [None]
    if None in heads:
        for text in texts:
            _add_one(skim, text)
        return
    names = [head.group(1, 2) for head in heads if head is not None]
    first = len(skim.ids)
    skim.ids += map(b"/".join, names)
    skim.integrations.update([name for name, _ in names])
    if _LEANING in together:
        for number, text in enumerate(texts, first):
            if _LEANING in text:
                fallback = _fallback(text)
                if fallback is None:
                    skim.ids[number] = None
                else:
                    skim.fallbacks[number] = fallback


def _add_one(skim: Skim, text: bytes) -> None:
    claimed, fallback = skim_bytes(text)
    if claimed is not None:
        skim.integrations.add(claimed.partition(b"/")[0])
        if fallback is not None:
            skim.fallbacks[len(skim.ids)] = fallback
    skim.ids.append(claimed)


def _is_calm(text: bytes) -> bool:
    """Whether nothing is in it that makes a text doubtful, or more work to judge."""
    return text.isascii() and b"\\" not in text and b"\r" not in text and _SEVERAL.search(text) is None


def skim_bytes(text: bytes) -> tuple[bytes | None, bytes | None]:
    """Return the one id that a file claims, and its fallback; no id where this is not certain."""
    head = _HEAD.match(text)
    if head is not None:
        claimed = head[1] + b"/" + head[2]
    elif (head := _SWAPPED.match(text)) is not None:
        claimed = head[2] + b"/" + head[1]
    else:
        return _UNSURE
    if len(text) >= _MOST or _SEVERAL.search(text) is not None or not (text.isascii() or _is_plain(text)):
        return _UNSURE
    if b"\\" in text and any(one in text for one in _ESCAPES):
        return _UNSURE
    if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
        return _UNSURE
    if _LEANING not in text:
        return claimed, None
    fallback = _fallback(text)
    return _UNSURE if fallback is None else (claimed, fallback)


def _fallback(text: bytes) -> bytes | None:
    """Return the fallback of a text that tells of one, or None where it is not certain which."""
    found = _FALLBACK.search(text) if text.count(_LEANING) == 1 else None
    return None if found is None else found[1]


def _is_plain(text: bytes) -> bool:
    return not any(one in text for one in _BREAKS)
