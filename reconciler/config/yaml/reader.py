"""From bytes to documents: YAML 1.2 core on PyYAML's C parser, with positions, caps and findings instead of exceptions.

What is right takes one straight way: compose, build quickly, done. What is unusual or wrong is built a second time with
care. Called by whoever reads a file; what the documents mean is `validation.py`'s.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from yaml import YAMLError
from yaml.nodes import ScalarNode

from reconciler.config.yaml.build import CarefulBuilder, Unusual, build_quickly
from reconciler.config.yaml.nodes import Written, exists, find, span_of, written
from reconciler.config.yaml.parser import LIMIT_HELP, TooMuch, needs_care, open_parser
from reconciler.config.yaml.text import refuse
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.json import Path

_BOM = b"\xef\xbb\xbf"
_BREAK = re.compile(rb"\r\n|\r|\n")
_SEPARATOR = re.compile(rb"^---(?=\s|\Z)", re.MULTILINE)
_MAX_RESTARTS = 20
"""After a syntax error reading goes on at the next `---`; each time costs as much as the whole file."""


@dataclass(slots=True, eq=False)
class RawDocument:
    """One document: its JSON value, and where everything in it stands until `release`.

    `line` is the first line of its content, from 1. The value must not be changed: aliases share their parts.
    """

    value: Any
    line: int
    _node: Any = field(default=None, repr=False)
    _data: bytes = field(default=b"", repr=False)

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


class ReadResult(NamedTuple):
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
    broken_at = _read(data, file, documents, findings)
    for _ in range(_MAX_RESTARTS):
        if broken_at is None:
            break
        broken_at = _restart(data, broken_at, file, documents, findings)
    if not documents and not findings:
        help_text = "write a configuration, or delete the file"
        message = "the file holds no document: it is empty, or has only comments"
        return ReadResult((), (Diagnostic(rules.EMPTY_DOCUMENT, Severity.ERROR, message, Span(file), help_text),))
    return ReadResult(tuple(documents), tuple(findings))


def _read(data: bytes, file: str, documents: list[RawDocument], findings: list[Diagnostic]) -> int | None:
    """Read documents until the end, or to where the syntax is broken: return that line, from 0."""
    try:
        parser = open_parser(data)
        careful = needs_care(data)
        while parser.check_node():
            node = parser.get_node()
            if node.__class__ is ScalarNode and not (node.value or node.style or node.tag):
                continue  # nothing but comments, or a `---` at the end
            try:
                value = None if careful else build_quickly(node)
            except Unusual:
                value = None
            if value is None:
                builder = CarefulBuilder(file, data.decode("utf-8"))
                value = builder.build(node)
                if builder.findings:
                    findings += builder.findings
                    continue
            documents.append(RawDocument(value, node.start_mark.line + 1, node, data))
    except YAMLError as error:
        from reconciler.config.yaml.messages import explain_error

        finding, line = explain_error(error, data.decode("utf-8"), file)
        findings.append(finding)
        if "document start" in str(error) and documents:
            documents.pop()  # what was read ended too early: the error is its own
        return line
    except TooMuch as error:
        findings.append(_too_much(error, file))
    return None


def _restart(data: bytes, line: int, file: str, documents: list[RawDocument], findings: list[Diagnostic]) -> int | None:
    """Read on at the first `---` at or below `line`: an error concerns its own document alone."""
    end_of_previous = next(islice(_BREAK.finditer(data), line - 1, None), None) if line else None
    if end_of_previous is None:
        return None
    separator = _SEPARATOR.search(data, end_of_previous.end())
    if separator is None:
        return None
    line += len(_BREAK.findall(data, end_of_previous.end(), separator.start()))
    broken_at = _read(b"\n" * line + data[separator.start() :], file, documents, findings)
    return None if broken_at is None else max(broken_at, line + 1)


def _too_much(error: TooMuch, file: str) -> Diagnostic:
    mark = error.mark
    span = Span(file) if mark is None else Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return Diagnostic(rules.YAML_LIMIT, Severity.ERROR, str(error), span, LIMIT_HELP)
