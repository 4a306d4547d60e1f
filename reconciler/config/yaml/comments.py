"""Comments in YAML, which libyaml drops: told from what only looks like one inside a text. Called by `run`.

A mark is looked for line by line, and is a comment where no scalar that holds it covers the place.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from sys import maxsize
from typing import Any

from msgspec import Struct
from yaml.nodes import MappingNode, ScalarNode

from reconciler.config.yaml.reader import read_documents
from reconciler.config.yaml.text import split_lines


class Comment(Struct, frozen=True):
    """A match in a comment. `line` and `column` count from 1; `covers` is the line it speaks of.

    That is its own line, or the next one with anything on it where the comment stands alone.
    """

    match: "re.Match[str]"
    line: int
    column: int
    covers: int


def find_comments(data: bytes, pattern: "re.Pattern[str]", word: str) -> Iterator[Comment]:
    """Yield the matches of `pattern`, which begins with `#` and holds `word`, that stand in comments.

    Of a file that cannot be read as YAML nothing is said: it is not known what is text there.
    """
    result = read_documents(data, "")
    if result.diagnostics:
        return
    lines = split_lines(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    texts = sorted(span for document in result.documents for span in _texts(document.root, word))
    following = _following(lines)
    for index, line in enumerate(lines):
        match = pattern.search(line) if word in line else None
        if match is None or _is_inside((index, match.start()), texts) or not _begins(line, match.start()):
            continue
        covers = index if line[: match.start()].strip() else following[index]
        yield Comment(match, index + 1, match.start() + 1, covers + 1)


def _begins(line: str, at: int) -> bool:
    """Whether a comment may begin at `at`, or has begun before it."""
    return at == 0 or line[at - 1] in " \t" or " #" in line[:at] or line.startswith("#")


def _following(lines: list[str]) -> list[int]:
    """Return for each line the next one with anything on it but a comment; itself where there is none."""
    found, after = [0] * len(lines), None
    for index in range(len(lines) - 1, -1, -1):
        found[index] = index if after is None else after
        text = lines[index].strip()
        if text and not text.startswith("#"):
            after = index
    return found


Range = tuple[tuple[int, int], tuple[int, int]]


def _texts(root: Any, word: str) -> Iterator[Range]:
    """Yield where the scalars stand that hold `word`; the first line of a block scalar may have a comment."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.__class__ is ScalarNode:
            if word in node.value:
                start = (node.start_mark.line + 1, 0) if node.style in {"|", ">"} else _at(node.start_mark)
                yield start, _at(node.end_mark)
        elif node.__class__ is MappingNode:
            waiting += [part for pair in node.value for part in pair]
        else:
            waiting += node.value


def _at(mark: Any) -> tuple[int, int]:
    return mark.line, mark.column


def _is_inside(place: tuple[int, int], texts: list[Range]) -> bool:
    """Whether a place is in one of the texts, which are sorted and do not overlap."""
    before = bisect_right(texts, (place, (maxsize, 0)))
    return before > 0 and place < texts[before - 1][1]
