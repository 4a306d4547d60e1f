"""The bytes of a file that a finding names, for its snippet, and which of its keys hold secrets.

A file that would block, or is huge, has no bytes here. Standard input is such a file too, where `validate` reads it.
"""

import os
import stat
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.console import fail

if TYPE_CHECKING:
    from reconciler.config.explain.secret_keys import SecretKeys

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


class LazySecretKeys:
    """Tells which keys hold secrets in a file; schemas are read when the first file is asked for."""

    def __init__(self, allowed: tuple[str, ...] | None = None) -> None:
        self._allowed = allowed
        self._known: SecretKeys | None = None

    def __call__(self, data: bytes, *, judged: bool) -> Collection[str]:
        """Return the names of the keys."""
        if self._known is None:
            from reconciler.config.catalogue import Catalogue
            from reconciler.config.explain.secret_keys import SecretKeys

            self._known = SecretKeys(Catalogue(self._allowed))
        return self._known(data, judged=judged)
