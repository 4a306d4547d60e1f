"""Where the command line writes: findings to stdout, everything else to stderr, colour only where it is wanted."""

import os
import re
import sys
from typing import Final, NoReturn, TextIO

from reconciler.report.ansi import Palette, printable


class Fatal(Exception):
    """What was asked for could not be run: one sentence for the user, and an exit code."""

    code = 2


def wants_colour(stream: TextIO) -> bool:
    """Whether `stream` gets colour: NO_COLOR wins, FORCE_COLOR comes next, then what the stream is."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def palette(stream: TextIO | None = None) -> Palette:
    """Return the palette for `stream` (stdout when None)."""
    return Palette(wants_colour(stream or sys.stdout))


_COMMAND: Final = re.compile(r"##(?=vso\[|\[)|^([^\S\n]*):(?=:)", re.IGNORECASE | re.MULTILINE)
"""How a line begins, or where in it begins, what Azure Pipelines and GitHub Actions take for a command of the step."""


def out(text: str) -> None:
    """Write `text` to stdout as it is; characters that its encoding lacks become escapes.

    In a log that is obeyed (Azure Pipelines, GitHub Actions), what looks like a command is written as an escape, which
    in JSON is the same text: a line of somebody's file may not set a variable of the build.
    """
    _write(sys.stdout, disarmed(text))


def out_commands(text: str) -> None:
    """Write text that is meant to be obeyed, and in which a renderer has escaped everybody else's."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """Write one line to stderr."""
    _write(sys.stderr, disarmed(f"{text}\n"))


def disarmed(text: str) -> str:
    """Return text in which a log that is obeyed finds no command."""
    if os.environ.get("TF_BUILD") or os.environ.get("GITHUB_ACTIONS"):
        return _COMMAND.sub(lambda found: "#\\u0023" if found[1] is None else f"{found[1]}\\u003a", text)
    return text


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def complain(message: str) -> None:
    """Write `error: <message>` to stderr, made safe."""
    paint = palette(sys.stderr)
    err(f"{paint.severity('error', 'error')}: {printable(message)}")


def fail(message: str) -> NoReturn:
    """End the verb with one sentence and exit code 2."""
    raise Fatal(message)
