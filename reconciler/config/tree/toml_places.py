"""Where everything stands in a TOML file that is known to be one: tomllib gives values and no places.

It reads loosely what tomllib has accepted, and builds nothing. `settings.py` asks it when there is something to say.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from reconciler.config.yaml.reader import RawDocument
from reconciler.model.diagnostic import Span
from reconciler.model.json import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_PLAIN_END = re.compile(r"[,\]}#\n]")
_SHORT: Final = {'"': re.compile(r'"(?:[^"\\\n]|\\.)*"'), "'": re.compile(r"'[^'\n]*'")}
_LONG: Final = {
    '"""': re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL),
    "'''": re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL),
}

Place = tuple[int, int, int, int]
"""Where a key begins and ends, and its value, as offsets into the text."""


class TomlDocument(RawDocument, eq=False):
    """A TOML file's value and the places in it, so that it can be explained as a document of YAML is."""

    text: str = ""
    _places: dict[Path, Place] | None = None
    _lines: Sequence[int] = ()

    def __post_init__(self) -> None:
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def span(self, path: Path, file: str, *, key: bool = False) -> Span:
        """Return where the value at `path` stands, or its key; for a path that is not there, its nearest ancestor."""
        if self._places is None:
            self._places = _scan(self.text)
        wanted = path
        while path and path not in self._places:
            path = path[:-1]
        if not path:
            return Span(file, 1, 1, 1, 2)
        place = self._places[path]
        start, end = place[:2] if key and path == wanted else place[2:]
        return Span(file, *self._position(start), *self._position(max(end, start + 1)))

    def source_text(self, path: Path) -> str | None:  # noqa: ARG002 — a TOML value is what it looks like
        """Return None: what a plain scalar of YAML would look like is nothing to TOML."""
        return None

    def _position(self, index: int) -> tuple[int, int]:
        line = bisect_right(self._lines, index)
        return line, index - self._lines[line - 1] + 1


def _scan(text: str) -> dict[Path, Place]:
    scanner = _Scanner(text)
    # Should a later TOML have a syntax that is not known here, what has been found is better than nothing.
    with suppress(IndexError, ValueError, AssertionError, RecursionError):
        scanner.run()
    return scanner.places


class _Scanner:
    def __init__(self, text: str) -> None:
        self.places: dict[Path, Place] = {}
        self._text = text
        self._at = 0
        self._counts: dict[Path, int] = {}

    def run(self) -> None:
        table: Path = ()
        self._blank()
        while self._at < len(self._text):
            table = self._header() if self._text[self._at] == "[" else self._pair(table)
            self._blank()

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]`; returns the path of the table, the numbers of those in lists included."""
        depth = 2 if self._text.startswith("[[", self._at) else 1
        self._at += depth
        keys = self._keys()
        path: Path = ()
        for index, (name, start, end) in enumerate(keys):
            path = (*path, name)
            is_last = index == len(keys) - 1
            if is_last and depth == 2:
                self.places.setdefault(path, (start, end, start, end))
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
            self.places.setdefault(path, (start, end, start, end))
        self._blank()
        self._at += depth
        return path

    def _pair(self, table: Path) -> Path:
        """Read `a.b = value` in a table; returns the table."""
        keys = self._keys()
        self._at = self._text.index("=", self._at) + 1
        start, end = self._value((*table, *(name for name, _, _ in keys)))
        path = table
        for name, key_start, key_end in keys:
            path = (*path, name)
            self.places.setdefault(path, (key_start, key_end, key_start, end))
        self.places[path] = (*keys[-1][1:], start, end)
        return table

    def _keys(self) -> list[tuple[str, int, int]]:
        found: list[tuple[str, int, int]] = []
        while True:
            self._blank()
            start = self._at
            quote = self._text[start]
            match = _SHORT.get(quote, _BARE).match(self._text, start)
            assert match is not None
            self._at = match.end()
            found.append((_name(match.group()), start, self._at))
            self._blank()
            if self._text[self._at] != ".":
                return found
            self._at += 1

    def _value(self, path: Path) -> tuple[int, int]:
        """Read a value and what is inside it; returns where it begins and ends."""
        self._blank()
        start = self._at
        first = self._text[start]
        if first == "[":
            self._list(path)
        elif first == "{":
            self._inline(path)
        elif first in _SHORT:
            pattern = _LONG.get(self._text[start : start + 3]) or _SHORT[first]
            match = pattern.match(self._text, start)
            assert match is not None
            self._at = match.end()
        else:
            match = _PLAIN_END.search(self._text, start)
            raw = self._text[start : match.start() if match else None]
            self._at = start + len(raw.rstrip())
        return start, self._at

    def _list(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._more("]"):
            start, end = self._value((*path, index))
            self.places.setdefault((*path, index), (start, end, start, end))
            index += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, closing: str) -> bool:
        """Step over blanks and a comma; returns whether there is another item, and steps over `closing` if not."""
        self._blank()
        if self._text[self._at] == ",":
            self._at += 1
            self._blank()
        if self._text[self._at] != closing:
            return True
        self._at += 1
        return False


def _name(raw: str) -> str:
    if raw[0] not in _SHORT:
        return raw
    import tomllib

    return str(tomllib.loads(f"x = {raw}")["x"])
