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
_SEVERAL: Final = re.compile(rb"\n(?:---|\.\.\.)")
_BREAKS: Final = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
"""What libyaml takes for a line break beside the usual ones: a document could begin behind it."""
_ESCAPES: Final = (b"\\x", b"\\u", b"\\U")
"""What a key could hide behind."""
_UNSURE: Final = (None, None)
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
_MOST: Final = 8192
"""Of a larger file nothing is certain: there are few, and one read serves all the others."""


def skim_files(files: Sequence[str], base: str) -> tuple[list[bytes | None], dict[int, bytes]]:
    """Return each file's one id, None where it has to be checked whole, and the fallbacks by index. Never raises."""
    ids: list[bytes | None] = []
    fallbacks: dict[int, bytes] = {}
    opened, read, close, skim = os.open, os.read, os.close, skim_bytes
    root = opened(base, os.O_RDONLY | os.O_CLOEXEC)
    for file in files:
        try:
            handle = opened(file, _FLAGS, dir_fd=root)
        except OSError:
            ids.append(None)
            continue
        try:
            data = read(handle, _MOST)
        except OSError:
            data = b""
        close(handle)
        claimed, fallback = skim(data)
        if fallback is not None:
            fallbacks[len(ids)] = fallback
        ids.append(claimed)
    close(root)
    return ids, fallbacks


def skim_bytes(data: bytes) -> tuple[bytes | None, bytes | None]:
    """Return the one id that a file claims, and its fallback; no id where this is not certain."""
    head = _HEAD.match(data)
    if head is not None:
        claimed = head[1] + b"/" + head[2]
    elif (head := _SWAPPED.match(data)) is not None:
        claimed = head[2] + b"/" + head[1]
    else:
        return _UNSURE
    if len(data) >= _MOST or _SEVERAL.search(data) is not None or not (data.isascii() or _is_plain(data)):
        return _UNSURE
    if b"\\" in data and any(one in data for one in _ESCAPES):
        return _UNSURE
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return _UNSURE
    if b"fallback" not in data:
        return claimed, None
    found = _FALLBACK.search(data) if data.count(b"fallback") == 1 else None
    return _UNSURE if found is None else (claimed, found[1])


def _is_plain(data: bytes) -> bool:
    return not any(one in data for one in _BREAKS)
