"""Runs git to read: never a hook, a pager, a prompt, a fetch, a lock, or a program that a repository names.

The only module that starts git. Output and time are bounded. `safe.directory` is respected: what git refuses to read
for another user's repository, nobody reads here.
"""

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

from msgspec import Struct, field

from reconciler.model.errors import ReconcileError

_SETTINGS: Final = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.pager=cat", "protocol.allow=never", "gc.auto=0",
    "maintenance.auto=false", "submodule.recurse=false", "color.ui=false", "core.preloadIndex=false",
)  # fmt: skip
"""The last: git looks at files in up to twenty threads, and whoever lists and reads meanwhile would get no turn."""
_OURS: Final = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat", "LC_ALL": "C", "LANGUAGE": "C",
}  # fmt: skip
_PASSED_ON: Final = (
    "GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH",
    "GIT_TEST_ASSUME_DIFFERENT_OWNER",
)  # fmt: skip
"""What of git's own variables (by how they begin) says where settings and objects are, and nothing of what to run."""
_LONGEST: Final = 120.0
"""How long one command may take, in seconds."""
MOST_OUTPUT: Final = 512 << 20
"""How many bytes one command may print: a million long names are less."""
_PIECE: Final = 1 << 18


class GitError(ReconcileError):
    """What git was asked for it cannot tell: one sentence, and what to do."""


class Git(Struct, frozen=True):
    """Git in one folder. `steering` are variables that name a repository, an index or a work tree, all absolute."""

    folder: str
    steering: Mapping[str, str] = field(default_factory=dict)
    longest: float = _LONGEST
    most_output: int = MOST_OUTPUT

    def ask(self, *arguments: str) -> bytes:
        """Return what a command prints; raises GitError with git's own words where it fails."""
        with self.stream(*arguments) as output:
            return b"".join(output)

    def tries(self, *arguments: str) -> bytes | None:
        """Return what a command prints, or None where it fails."""
        try:
            return self.ask(*arguments)
        except Refused:
            return None

    @contextmanager
    def stream(self, *arguments: str, given: bytes = b"") -> Iterator[Iterator[bytes]]:
        """Give what a command prints in pieces, with `given` as its input; it ends with the block, however that ends.

        Raises GitError where it fails, takes too long or prints too much.
        """
        with tempfile.TemporaryFile() as said, _input(given) as source:
            command = ["git", "--no-pager", *(part for one in _SETTINGS for part in ("-c", one)), *arguments]
            try:
                process = subprocess.Popen(  # noqa: S603 — no shell, and the arguments are ours or follow a `--`
                    command, cwd=self.folder, env=_environment(self.steering), stdin=source, stdout=subprocess.PIPE,
                    stderr=said,
                )  # fmt: skip
            except FileNotFoundError as error:
                raise GitError("git is not installed, or not on the PATH") from error
            except OSError as error:
                raise GitError(f"git cannot be started: {(error.strerror or '').lower()}") from error
            try:
                assert process.stdout is not None
                yield _pieces(process.stdout, self.longest, self.most_output)
                status = process.wait(self.longest)
            finally:
                _end(process)
            if status:
                said.seek(0)
                raise Refused(_first_words(said.read(4096)))


class Refused(GitError):
    """Git ended with an error; the message is what it said."""


@contextmanager
def _input(given: bytes) -> Iterator[IO[bytes] | int]:
    """Give input as a file: what is written to a pipe while its reader writes too can wait for ever."""
    if not given:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as source:
        source.write(given)
        source.seek(0)
        yield source


def _pieces(output: IO[bytes], longest: float, most: int) -> Iterator[bytes]:
    handle, left, deadline = output.fileno(), most, time.monotonic() + longest
    while True:
        ready, _, _ = select.select([handle], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise GitError(f"git did not answer within {longest:.0f} seconds")
        piece = os.read(handle, _PIECE)
        if not piece:
            return
        left -= len(piece)
        if left < 0:
            raise GitError(f"git printed more than {most >> 20} MiB: name a smaller directory")
        yield piece


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _first_words(said: bytes) -> str:
    """Return git's first complaint; the lines of advice below it are about commands that nobody typed here."""
    lines = [line for line in os.fsdecode(said).splitlines() if line.strip()]
    complaint = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "")
    return complaint.removeprefix("fatal: ").removeprefix("error: ")[:300] or "git failed without saying why"


def _environment(steering: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what could make git run or lock anything, or read another repository."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_PASSED_ON)}
    return {**kept, **_OURS, **steering}
