"""The bytes of a file that a finding names, for its snippet; a file that would block, or is huge, has none."""

import os
import stat

_LARGEST = 1 << 20


def read_source(file: str) -> bytes | None:
    """Return the content of a regular file of at most 1 MiB, relative to where the user stands, or None."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        try:
            return opened.read(_LARGEST)
        except OSError:
            return None
