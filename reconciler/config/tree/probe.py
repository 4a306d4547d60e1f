"""One file on disk, as a scan looks at it: whether it is as it was, what stands there, what it holds. Keeps nothing.

Called by `files` alone.
"""

import os
import time

from reconciler.config.files import Unreadable, changed_at, check_regular, read_file, resolve_link, signature


def is_same(path: str, seen: bytes) -> bool:
    """Whether a regular file is as it was when it was read; what cannot be seen is not."""
    try:
        return signature(os.lstat(path)) == seen
    except OSError:
        return False


def probe(base: str, file: str, *, is_link: bool) -> tuple[Unreadable | None, str, bytes]:
    """Return what is wrong with what stands at `file`, or None with the path to open; and its signature."""
    path = f"{base}/{file}"
    try:
        path = resolve_link(path, base) if is_link else path
        return None, path, signature(check_regular(path))
    except Unreadable as problem:
        return problem, path, b"!" + str(problem).encode()


def read(path: str, seen: bytes) -> tuple[bytes | Unreadable, bytes]:
    """Return the content of a file and its signature just before it was read."""
    try:
        data, status = read_file(path)
    except Unreadable as problem:
        return problem, seen
    return data, signature(status)


def is_fresh(seen: bytes, seconds: float) -> bool:
    """Whether a file was written so lately, `seconds` ago, that a second write may have had the same time as the first.

    The wall clock only makes a file suspect here; one that is wrong costs one more read.
    """
    return time.time() - changed_at(seen) < seconds
