"""From bytes to documents: YAML 1.2 core on PyYAML's C parser, with positions, caps and findings instead of exceptions.

libyaml's composer recurses in C without a limit, so depth and nodes are counted in the hooks that it calls before it
descends. Our own constructor counts again, after aliases are followed. Called by whoever reads a file; what the
documents mean is `validation.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from yaml import YAMLError
from yaml.cyaml import CParser
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from reconciler.config.yaml_messages import at_mark, from_yaml_error
from reconciler.config.yaml_scalars import NumberOutOfRange, plain
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.json import Path

MAX_DEPTH: Final = 32
MAX_NODES: Final = 20_000
_MAX_FINDINGS = 100
_SHALLOW_BYTES = 16 * 1024
_SHALLOW_BRACKETS = 8
_DEEP_INDENT = b"\n" + b" " * 15
_PLAIN, _STRING, _COLLECTION = "!p", "!s", "!c"
"""What our hooks answer for a node without a tag of its own; no document can write these tags as such."""

_CORE = "tag:yaml.org,2002:"


@dataclass(slots=True, eq=False)
class RawDocument:
    """One document: its JSON value, and where everything in it stands until `release`."""

    value: Any
    line: int
    _node: Any = field(default=None, repr=False)

    def span(self, path: Path, file: str, *, key: bool = False) -> Span:
        """Return where the value at `path` stands, or its key; for a path that is not there, its nearest ancestor."""
        found = self._find(path, key=key)
        if found is None:
            return Span(file, self.line, 1, self.line, 1)
        return at_mark(file, found.start_mark, found.end_mark)

    def source_text(self, path: Path) -> str | None:
        """Return a scalar as it was written, without its quotes; None where there is no plain scalar at `path`."""
        found = self._find(path, key=False)
        return found.value if isinstance(found, ScalarNode) and found.tag == _PLAIN else None

    def release(self) -> None:
        """Drop the positions: the document is valid and nobody will ask."""
        self._node = None

    def _find(self, path: Path, *, key: bool) -> Any:
        node = self._node
        for depth, part in enumerate(path):
            child = _child(node, part)
            if child is None:
                return node
            node = child[0] if key and depth == len(path) - 1 and child[0] is not None else child[1]
        return node


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The documents that could be read, and what is wrong with the others."""

    documents: tuple[RawDocument, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_documents(data: bytes, file: str) -> ReadResult:
    """Read every document of a file; never raises for what stands in it."""
    problem = _unreadable(data, file)
    if problem is not None:
        return ReadResult((), (problem,))
    documents: list[RawDocument] = []
    findings: list[Diagnostic] = []
    parser = _Parser(data.removeprefix(b"\xef\xbb\xbf"), shallow=_is_shallow(data))
    try:
        while parser.check_node():
            node = parser.get_node()
            parser.nodes = 0
            _take(node, file, documents, findings)
    except YAMLError as error:
        findings.append(from_yaml_error(error, data, file))
    except _TooMuch as error:
        findings.append(_finding(rules.YAML_LIMIT, str(error), Span(file, error.line, 1, error.line, 1), _LIMIT_HELP))
    if not documents and not findings:
        help_text = "write a configuration, or delete the file"
        findings.append(_finding(rules.EMPTY_DOCUMENT, "the file holds no document", Span(file), help_text))
    return ReadResult(tuple(documents), tuple(findings))


_LIMIT_HELP = "a configuration is small and flat: split it, or write it without anchors"


def _take(node: Any, file: str, documents: list[RawDocument], findings: list[Diagnostic]) -> None:
    """Build one document's value and keep it if nothing is wrong with it; an empty one is skipped."""
    if node is None or (isinstance(node, ScalarNode) and node.tag == _PLAIN and node.value == ""):
        return
    builder = _Builder(file)
    value = builder.build(node, 1)
    if builder.findings:
        findings.extend(builder.findings[:_MAX_FINDINGS])
    else:
        documents.append(RawDocument(value, node.start_mark.line + 1, node))


def _unreadable(data: bytes, file: str) -> Diagnostic | None:
    """Return what keeps these bytes from being UTF-8 text, with its place, or None."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _finding(rules.ENCODING, "the file is UTF-16, expected UTF-8", Span(file), "save it as UTF-8")
    at = data.find(b"\0")
    if at >= 0:
        return _finding(rules.ENCODING, "the file holds a NUL byte", _place(data, at, file), "save it as UTF-8 text")
    if data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return _finding(rules.ENCODING, message, _place(data, error.start, file), "save the file as UTF-8")
    return None


def _place(data: bytes, at: int, file: str) -> Span:
    line = data.count(b"\n", 0, at) + 1
    column = len(data[data.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")) + 1
    return Span(file, line, column, line, column + 1)


def _is_shallow(data: bytes) -> bool:
    """Whether the bytes alone prove that the document is neither deep nor large, so that nobody need count."""
    return (
        len(data) <= _SHALLOW_BYTES
        and data.count(b"[") + data.count(b"{") <= _SHALLOW_BRACKETS
        and _DEEP_INDENT not in data
        and b"\t" not in data
        and b"- -" not in data
        and b"?" not in data
        and b"\r" not in data
    )


class _TooMuch(Exception):  # noqa: N818 — a verdict, turned into a diagnostic at once
    """Depth or nodes beyond the caps."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def _resolve(kind: Any, _value: Any, implicit: Any) -> str:
    if kind is ScalarNode:
        return _PLAIN if implicit[0] else _STRING
    return _COLLECTION


class _Parser(CParser):  # type: ignore[misc]  # the C class has no types
    """libyaml's composer, held to depth and nodes by the hooks that it calls before it descends."""

    def __init__(self, data: bytes, *, shallow: bool) -> None:
        super().__init__(data)
        self.depth = self.nodes = 0
        self.resolve: Callable[..., str] = _resolve
        if shallow:
            self.descend_resolver: Callable[..., None] = _nothing
            self.ascend_resolver: Callable[..., None] = _nothing
        else:
            self.descend_resolver = self._descend
            self.ascend_resolver = self._ascend

    def _descend(self, parent: Any, _index: Any) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch(f"nested deeper than {MAX_DEPTH} levels", _line(parent))
        if self.nodes > MAX_NODES:
            raise _TooMuch(f"more than {MAX_NODES:,} values", _line(parent))

    def _ascend(self) -> None:
        self.depth -= 1


def _nothing(*_: Any) -> None:
    return


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1 if node is not None else 1


class _Builder:
    """Builds the value of one document and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Diagnostic] = []
        self._built = 0

    def build(self, node: Any, depth: int) -> Any:
        """Return the value of `node`; what cannot be built is a finding and becomes None."""
        tag = node.tag
        if tag == _STRING:
            return node.value
        if tag == _PLAIN:
            return self._plain(node)
        if tag != _COLLECTION:
            return self._tagged(node, tag, depth)
        return self._collection(node, depth)

    def _plain(self, node: Any) -> Any:
        try:
            return plain(node.value)
        except NumberOutOfRange as error:
            self._add(rules.NUMBER_RANGE, node, str(error), 'put it in quotes: "..."')
            return None

    def _collection(self, node: Any, depth: int) -> Any:
        self._built += len(node.value) + 1
        if depth > MAX_DEPTH or self._built > MAX_NODES:
            self._bomb(node, depth)
            return None
        if node.__class__ is SequenceNode:
            return [self.build(item, depth + 1) for item in node.value]
        return self._mapping(node, depth)

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for key_node, item in node.value:
            key = key_node.value if key_node.tag == _STRING else self._key(key_node)
            if key is None:
                continue
            if key in value:
                self._duplicate(node, key, key_node)
            value[key] = self.build(item, depth + 1)
        return value

    def _key(self, node: Any) -> str | None:
        """Return a key that is not quoted, or None after a finding."""
        if not isinstance(node, ScalarNode):
            self._add(rules.NON_STRING_KEY, node, "a key must be a string, found a list or a mapping", "write a string")
            return None
        if node.tag == _PLAIN and node.value == "<<":
            message = "merge keys (<<) are not part of YAML 1.2"
            self._add(rules.YAML_MERGE, node, message, "write the settings out in each file")
            return None
        value = self.build(node, 1)
        if isinstance(value, str):
            return value
        shown = "null" if value is None else str(node.value)
        help_text = f'put it in quotes: "{shown}"' if len(shown) < 40 else "put it in quotes"
        self._add(rules.NON_STRING_KEY, node, f"a key must be a string, found {shown[:40]}", help_text)
        return None

    def _duplicate(self, node: Any, key: str, second: Any) -> None:
        first = next(k for k, _ in node.value if isinstance(k, ScalarNode) and k.value == key)
        related = (Related(at_mark(self.file, first.start_mark, first.end_mark), "first written here"),)
        message = f"the key {key[:60]!r} is written twice"
        self._add(rules.DUPLICATE_KEY, second, message, "keep one of the two", related)

    def _tagged(self, node: Any, tag: str, depth: int) -> Any:
        """Honour the core schema's own tags where they say what the node is anyway; refuse any other."""
        name = tag.removeprefix(_CORE) if tag.startswith(_CORE) else ""
        if isinstance(node, ScalarNode):
            if name == "str" or tag == "!":
                return node.value
            value = self._plain(node)
            kinds = {"int": int, "float": float | int, "bool": bool, "null": type(None)}
            if name in kinds and isinstance(value, kinds[name]) and (name == "bool") == isinstance(value, bool):
                return float(value) if name == "float" and value is not None else value
        elif (name, node.__class__) in {("map", MappingNode), ("seq", SequenceNode)}:
            return self._collection(node, depth)
        shown = tag.replace(_CORE, "!!")[:60]
        self._add(rules.YAML_TAG, node, f"the tag {shown} is not known", "leave the tag out")
        return None

    def _bomb(self, node: Any, depth: int) -> None:
        if any(f.rule in {rules.YAML_ALIAS, rules.YAML_LIMIT} for f in self.findings):
            return
        what = f"more than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"more than {MAX_NODES:,} values"
        self._add(rules.YAML_ALIAS, node, f"followed through its aliases the document has {what}", _LIMIT_HELP)

    def _add(self, rule: str, node: Any, message: str, help_text: str, related: tuple[Related, ...] = ()) -> None:
        span = at_mark(self.file, node.start_mark, node.end_mark)
        self.findings.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, (), related))


def _child(node: Any, part: str | int) -> tuple[Any, Any] | None:
    """Return the key's node and the value's node one step down, or None."""
    if isinstance(node, MappingNode):
        return next(((k, v) for k, v in node.value if isinstance(k, ScalarNode) and k.value == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    return None


def _finding(rule: str, message: str, span: Span, help_text: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, message, span, help_text)
