"""Reading what a repository has, which may be anybody's: no link is followed, nothing is waited for, all is bounded."""

import os
from pathlib import Path
from stat import S_ISREG

_LARGEST = 1_000_000


def read_plain(path: Path) -> str | None:
    """Return the text of a file; None for a link, for what is no plain file of text, and for one that is too large."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as opened:
            if not S_ISREG(os.fstat(handle).st_mode):
                return None
            data = opened.read(_LARGEST + 1)
            return data.decode("utf-8") if len(data) <= _LARGEST else None
    except (OSError, ValueError):
        return None


def link_above(root: Path, path: str) -> str:
    """Return the first folder on the way to `path` that is a link, or nothing: what is behind it is not the root's."""
    parts = path.split("/")[:-1]
    above = ("/".join(parts[: n + 1]) for n in range(len(parts)))
    return next((folder for folder in above if (root / folder).is_symlink()), "")
