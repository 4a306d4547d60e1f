"""The bytes of a file that a finding names, for its snippet; a file that would block, or is huge, has none.

Standard input is such a file too, where `validate` reads it.
"""

import os
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from reconciler.cli.console import fail

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


def read_stdin(paths: Sequence[str], name: str | None) -> tuple[str, bytes, Callable[[str], bytes | None]]:
    """Return standard input as the content of the file `name`: its name, its bytes, and where snippets come from."""
    if list(paths) != ["-"]:
        fail("--stdin-filename: give - as the one PATH" if name is not None else "-: give no other PATH beside it")
    if name == "":
        fail("--stdin-filename: expected the path of a file, found an empty one")
    from reconciler.config.places import display_path

    file = name if name is not None else "<stdin>"
    shown = display_path(Path(file))
    data = sys.stdin.buffer.read(_LARGEST + 1)
    return file, data, lambda other: data[:_LARGEST] if other == shown else read_source(other)
