"""Reads the token that opens the HTTP door: of the daemon that asks for it, and of the command line that sends it."""

from pathlib import Path
from typing import Final

from reconciler.model.errors import ReconcileError
from reconciler.model.secret import Secret

_LARGEST: Final = 4096


def read_token(file: Path) -> Secret:
    """Return the token in `file`, without the white space around it.

    Raises ReconcileError when the file cannot be read, or holds anything but one line of ASCII.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise ReconcileError(f"--token-file: cannot read {file}: {(error.strerror or str(error)).lower()}") from error
    text = data.decode("utf-8", "replace").strip()
    if len(data) > _LARGEST or not text or not text.isascii() or not text.isprintable():
        raise ReconcileError(f"--token-file: {file} does not hold a token: expected one line of ASCII characters")
    return Secret(text)
