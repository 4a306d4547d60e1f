"""From bytes to documents: YAML 1.2 core on PyYAML's C parser, with positions, caps and findings instead of exceptions.

A file is one stretch (`stretch`), or several where an error has ended one. Called by whoever reads a file; what the
documents mean is `validation.py`'s.
"""

import re
from itertools import islice
from typing import Any

from msgspec import Struct
from yaml.nodes import ScalarNode

from reconciler.config.yaml.nodes import Written, exists, find, span_of, written
from reconciler.config.yaml.stretch import read_stretch
from reconciler.config.yaml.text import refuse
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.json import Path

_BOM = b"\xef\xbb\xbf"
_BREAK = re.compile(rb"\r\n|\r|\n")
_SEPARATOR = re.compile(rb"^---(?=\s|\Z)", re.MULTILINE)
_MAX_RESTARTS = 20
"""After a syntax error reading goes on at the next `---`; each time costs as much as the whole file."""


class RawDocument(Struct, eq=False):
    """One document: its JSON value, and where everything in it stands until `release`.

    `line` is the first line of its content, from 1. The value must not be changed: aliases share their parts.
    """

    value: Any
    line: int
    _node: Any = None
    _data: bytes = b""

    def __repr__(self) -> str:
        """Without the text of the file."""
        return f"RawDocument({self.value!r}, line={self.line})"

    def span(self, path: Path, file: str, *, key: bool = False) -> Span:
        """Return where the value at `path` stands, or its key; for a path that is not there, its nearest ancestor.

        After `release` it is the document's first character.
        """
        if self._node is None:
            return Span(file, self.line, 1, self.line, 2)
        return span_of(find(self._node, path, key=key), file)

    def holds(self, path: Path) -> bool:
        """Whether there is a value at `path`."""
        return self._node is not None and exists(self._node, path)

    def inside(self, path: Path, file: str, start: int, end: int) -> Span:
        """Return where the characters `start` to `end` of the string at `path` stand, or else the whole string."""
        whole = self.span(path, file)
        if self._node is None or not exists(self._node, path):
            return whole
        node = find(self._node, path)
        if node.__class__ is not ScalarNode:
            return whole
        from reconciler.config.yaml.inside import inside

        return inside(self._data.decode("utf-8"), node, start, end, file) or whole

    def source_text(self, path: Path) -> str | None:
        """Return a plain scalar as it was written; None where `path` does not lead to one."""
        if self._node is None or not exists(self._node, path):
            return None
        node = find(self._node, path)
        return node.value if isinstance(node, ScalarNode) and not node.style and not node.tag else None

    @property
    def root(self) -> Any:
        """The node of the whole document, until `release`; for what lies beneath its value, such as comments."""
        return self._node

    def written(self, path: Path, file: str, *, key: bool = False) -> Written | None:
        """Return the scalar at `path`, or its key, where the file has it character by character."""
        if self._node is None or not exists(self._node, path):
            return None
        return written(find(self._node, path, key=key), file)

    def release(self) -> None:
        """Drop the positions: the document is valid and nobody will ask."""
        self._node, self._data = None, b""


class ReadResult(Struct, frozen=True):
    """The documents that could be read, in order, and what is wrong with the others."""

    documents: tuple[RawDocument, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_documents(data: bytes, file: str) -> ReadResult:
    """Read every document of a file; never raises for what stands in it. `file` is what the findings call it.

    A document with an error is not among the documents, the others are. An empty one is skipped, but a file of nothing
    else is an error.
    """
    problem = refuse(data, file)
    if problem is not None:
        return ReadResult((), (problem,))
    data = data.removeprefix(_BOM)
    documents: list[RawDocument] = []
    findings: list[Diagnostic] = []
    mender, rest, line = None, data, 0
    for _ in range(1 + _MAX_RESTARTS):
        stretch = read_stretch(rest, file)
        documents += [RawDocument(value, node.start_mark.line + 1, node, rest) for value, node in stretch.documents]
        if stretch.findings:
            mender = mender or _mender()
            findings += mender.mend(stretch.findings, rest)
        separator = None if stretch.broken_at is None else _separator(data, max(stretch.broken_at, line))
        if separator is None:
            break
        at, line = separator
        rest, line = b"\n" * line + data[at:], line + 1
    if not documents and not findings:
        help_text = "write a configuration, or delete the file"
        message = "the file holds no document: it is empty, or has only comments"
        return ReadResult((), (Diagnostic(rules.EMPTY_DOCUMENT, Severity.ERROR, message, Span(file), help_text),))
    return ReadResult(tuple(documents), tuple(findings))


def _mender() -> Any:
    """Return who gives this file's findings their fixes; loaded when there is a finding, for most files have none."""
    from reconciler.config.yaml.mending import Mender

    return Mender()


def _separator(data: bytes, line: int) -> tuple[int, int] | None:
    """Return the index and the line of the first `---` at or below `line`: an error concerns its own document alone."""
    end_of_previous = next(islice(_BREAK.finditer(data), line - 1, None), None) if line else None
    if end_of_previous is None:
        return None
    separator = _SEPARATOR.search(data, end_of_previous.end())
    if separator is None:
        return None
    return separator.start(), line + len(_BREAK.findall(data, end_of_previous.end(), separator.start()))
