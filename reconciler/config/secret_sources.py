"""Where secrets come from: `env:` and `file:`. A host may add sources of its own (`SecretProvider`).

They say whether a reference can ever resolve, which touches nothing, and what it leads to. Used by `secrets.py`.
"""

import os
import re
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from reconciler.model.errors import SecretForbidden, SecretMissing

DEADLINE: Final = 10.0
"""How many seconds a source may take for one reference."""
MAX_BYTES: Final = 64 * 1024
"""The largest secret that is read from a file."""
RESERVED: Final = "RECONCILE_"
"""Variables of this prefix are the daemon's own and never readable."""
_KEEP: Final = 1000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class EnvProvider:
    """`env:NAME`, out of the environment that the process was given."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __reduce__(self) -> tuple[type["EnvProvider"], tuple[dict[str, str]]]:
        """Travel without the environment: another process has its own."""
        return EnvProvider, ({},)

    def check(self, path: str) -> str | None:
        """Return why a variable can never be read; the name is not repeated, lest it be a value."""
        return _wrong_variable(path)

    def resolve(self, path: str) -> str:
        """Return a variable's value."""
        try:
            value = self._environ[path]
            value.encode()
        except KeyError:
            raise SecretMissing(f"the environment variable {path} is not set") from None
        except UnicodeEncodeError:
            raise SecretMissing(f"the environment variable {path} is not UTF-8 text") from None
        return value


@lru_cache(_KEEP)
def _wrong_variable(name: str) -> str | None:
    if name.upper().startswith(RESERVED):
        return f"variables that begin with {RESERVED} are reconcile's own and never readable"
    if not _NAME.match(name):
        return "what follows `env:` is not the name of a variable"
    return None


class FileProvider:
    """`file:PATH`, beneath one folder: links are followed and must stay inside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self, path: str) -> str | None:
        """Return why a path can never be read."""
        if path.startswith("/") or ".." in path.split("/"):
            return "the path leaves the secrets directory"
        if not path.isprintable():
            return "the path holds characters that cannot be printed"
        return None

    def resolve(self, path: str) -> str:
        """Return a file's content, without one line feed at its end."""
        base = os.path.realpath(self._folder)
        target = os.path.realpath(f"{base}/{path}")
        if os.path.commonpath([base, target]) != base:
            raise SecretForbidden(f"file:{path} leads out of the secrets directory")
        try:
            data = _read(target)
        except OSError as error:
            raise SecretMissing(f"file:{path} cannot be read: {error.strerror}") from None
        if data is None:
            raise SecretMissing(f"file:{path} is not a regular file")
        if len(data) > MAX_BYTES:
            raise SecretMissing(f"file:{path} is larger than {MAX_BYTES} bytes")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise SecretMissing(f"file:{path} is not UTF-8 text") from None
        return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _read(target: str) -> bytes | None:
    """Return the first bytes of a file, one more than are allowed; None for what is no file. Blocks on no FIFO."""
    handle = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb", buffering=0) as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        data = b""
        while len(data) <= MAX_BYTES:
            more = opened.read(MAX_BYTES + 1 - len(data))
            if not more:
                break
            data += more
        return data
