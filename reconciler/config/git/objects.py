"""The contents of many of git's objects from one process, each bounded, none fetched. It knows no paths.

Called by `revision` and by whoever has a listing of it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.config.files import MAX_BYTES, Unreadable, too_large
from reconciler.config.git.command import Git, GitError

_LFS: Final = b"version https://git-lfs.github.com/spec/"


def read_objects(git: Git, objects: Iterable[str]) -> Iterator[tuple[str, "bytes | Unreadable"]]:
    """Yield each object once with what it holds, or why that is not read; raises GitError where one is not there."""
    wanted = list(dict.fromkeys(objects))
    if not wanted:
        return
    given = "".join(f"{object_id}\n" for object_id in wanted).encode()
    with git.stream("cat-file", "--batch", "--buffer", given=given) as output:
        stream = _Stream(output)
        for object_id in wanted:
            yield object_id, _read_one(stream)


def _read_one(stream: "_Stream") -> "bytes | Unreadable":
    _, _, rest = stream.line().partition(b" ")
    kind, _, size = rest.partition(b" ")
    if kind != b"blob":
        raise _missing()
    found: bytes | Unreadable = too_large(int(size)) if int(size) > MAX_BYTES else stream.take(int(size))
    if isinstance(found, Unreadable):
        stream.skip(int(size))
    stream.skip(1)
    if isinstance(found, bytes) and found.startswith(_LFS):
        return Unreadable(
            "it is a pointer of Git LFS: what it stands for is not in this repository", "keep configurations out of LFS"
        )
    return found


def _missing() -> GitError:
    return GitError(
        "the files of this commit are not all in this clone: it is partial or damaged, and nothing is fetched here; "
        "clone without --filter"
    )


class _Stream:
    """What git prints, piece by piece, as lines and as so many bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece, self._at = b"", 0

    def line(self) -> bytes:
        """Return the next line, without its line feed."""
        while (end := self._piece.find(b"\n", self._at)) < 0:
            self._more()
        found, self._at = self._piece[self._at : end], end + 1
        return found

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        while len(self._piece) - self._at < size:
            self._more()
        found, self._at = self._piece[self._at : self._at + size], self._at + size
        return found

    def skip(self, size: int) -> None:
        """Pass over `size` bytes without holding them all."""
        while len(self._piece) - self._at < size:
            size -= len(self._piece) - self._at
            self._piece, self._at = b"", 0
            self._more()
        self._at += size

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise _missing()  # git wanted to fetch it, and may not
        self._piece, self._at = self._piece[self._at :] + piece, 0
