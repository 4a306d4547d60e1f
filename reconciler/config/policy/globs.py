"""Patterns of paths and of secret references, as `reconcile.toml` writes them. Pure, and linear in what is matched.

`*`, `?` and `[a-z]` stay within one segment, `**` is any number of segments. What an entry of the policy *covers* is
told apart from what it *excepts*: see `Patterns`.
"""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from typing import Final
from unicodedata import normalize

from msgspec import Struct

_ANY: Final = "**"
_KEEP: Final = 10_000


class BadPattern(ValueError):
    """What is wrong with a pattern, in words."""


def folded(text: str) -> str:
    """Return `text` without regard to case and to how its characters are composed: as the most lenient disk sees it."""
    if text.isascii():
        return text.lower()
    return normalize("NFC", normalize("NFD", text).casefold())


def composed(text: str) -> str:
    """Return `text` in the one form in which the same characters are the same code points."""
    return text if text.isascii() else normalize("NFC", text)


class Glob(Struct, frozen=True):
    """One pattern, by segment: a compiled one, or None for `**`. Matching keeps the set of places reached in it."""

    segments: tuple["re.Pattern[str] | None", ...]

    @classmethod
    def parse(cls, text: str) -> "Glob":
        """Compile a pattern; raises BadPattern."""
        parts = text.split("/")
        for part in parts:
            if part in {"", ".", ".."}:
                raise BadPattern(f"{part or 'an empty segment'} leads nowhere in a pattern")
            if _ANY in part and part != _ANY:
                raise BadPattern("`**` stands for whole segments: write it between slashes")
            if "\\" in part:
                raise BadPattern("a backslash has no meaning here: write [*] for a star itself")
        return cls(tuple(None if part == _ANY else re.compile(translate(part)) for part in parts))

    @property
    def start(self) -> frozenset[int]:
        """Where matching begins."""
        return self._skip({0})

    def step(self, at: frozenset[int], segment: str) -> frozenset[int]:
        """Return where matching is after one more segment."""
        reached: set[int] = set()
        for index in at:
            if index == len(self.segments):
                continue
            pattern = self.segments[index]
            if pattern is None:
                reached.add(index)
            elif pattern.match(segment):
                reached.add(index + 1)
        return self._skip(reached)

    def is_end(self, at: frozenset[int]) -> bool:
        """Whether all of the pattern has been matched."""
        return len(self.segments) in at

    def matches(self, segments: Iterable[str]) -> bool:
        """Whether the pattern matches all of the segments."""
        at = self.start
        for segment in segments:
            at = self.step(at, segment)
        return self.is_end(at)

    def covers(self, segments: Iterable[str]) -> bool:
        """Whether the pattern matches the path, or a folder that it lies in."""
        at = self.start
        for segment in segments:
            at = self.step(at, segment)
            if self.is_end(at):
                return True
        return False

    def _skip(self, at: set[int]) -> frozenset[int]:
        """Add the places behind `**`, which may be no segment at all."""
        for index in sorted(at):
            following = index
            while following < len(self.segments) and self.segments[following] is None:
                following += 1
                at.add(following)
        return frozenset(at)


class Patterns:
    """Patterns of paths in their order, as in a .gitignore file: `!` begins an exception, and the last one decides.

    What narrows must not be dodged by a name: covering looks at neither case nor composition of characters, so that
    `Team-A/` is `team-a/`. An exception holds for exactly what it names. Raises BadPattern.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._globs: list[tuple[bool, Glob]] = []
        for text in texts:
            is_exception = text.startswith("!")
            bare = text.removeprefix("!").removeprefix("/").removesuffix("/")
            self._globs.append((is_exception, Glob.parse(composed(bare) if is_exception else folded(bare))))
        if self._globs and self._globs[0][0]:
            raise BadPattern("the first pattern says what is covered: an exception comes after it")

    def cover(self, path: str) -> bool:
        """Whether a path relative to the root is covered."""
        is_covered = False
        for is_exception, glob in self._globs:
            if is_exception:
                is_covered = is_covered and not glob.covers(composed(path).split("/"))
            elif not is_covered:
                is_covered = glob.covers(folded(path).split("/"))
        return is_covered

    def decide(self, folder: str) -> bool | None:
        """Return whether everything in a folder is covered, or nothing in it; None where it depends on the name."""
        is_covered: bool | None = False
        for is_exception, glob in self._globs:
            at = glob.start
            for segment in (composed(folder) if is_exception else folded(folder)).split("/") if folder else ():
                if glob.is_end(at):
                    break
                at = glob.step(at, segment)
            if glob.is_end(at) and folder:
                is_covered = not is_exception
            elif at:
                is_covered = None
        return is_covered


class References:
    """Patterns of secret references such as `env:TEAM_A_*` and `file:team-a/**`. Raises BadPattern."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        parts = [text.partition(":") for text in texts]
        self._globs = [(scheme, Glob.parse(path)) for scheme, _, path in parts]
        self._known: dict[str, bool] = {}

    def allow(self, uri: str) -> bool:
        """Whether a reference is among them; a path that is not written straight (`..`, `//`) never is."""
        known = self._known.get(uri)
        if known is None:
            if len(self._known) >= _KEEP:
                self._known.clear()
            known = self._known[uri] = self._allow(uri)
        return known

    def _allow(self, uri: str) -> bool:
        scheme, _, path = uri.partition(":")
        segments = path.split("/")
        if any(segment in {"", ".", ".."} for segment in segments):
            return False
        return any(scheme == known and glob.matches(segments) for known, glob in self._globs)


class Ids:
    """Patterns of configurations' ids such as `slack/a-*`. Raises BadPattern."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self._globs = [Glob.parse(text) for text in texts]

    def allow(self, config_id: str) -> bool:
        """Whether an id is among them."""
        return any(glob.matches(config_id.split("/")) for glob in self._globs)
