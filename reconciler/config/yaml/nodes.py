"""Places of libyaml's nodes, as spans: lines and columns from 1, columns in characters. It builds no values."""

from typing import Any

from msgspec import Struct
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from reconciler.model.diagnostic import Span
from reconciler.model.json import Path


class Written(Struct, frozen=True):
    """A scalar that stands in its file character by character: where, in which quotes (or none), and its text."""

    span: Span
    quote: str
    text: str


def written(node: Any, file: str) -> Written | None:
    """Return a scalar as the file has it; None for one with an escape, a line break, a tag, an anchor or an alias.

    libyaml's marks enclose tag and anchor, and an alias has the marks of what it stands for: the width tells.
    """
    if node.__class__ is not ScalarNode or node.style not in {None, "", "'", '"'} or node.tag:
        return None
    start, end, quote = node.start_mark, node.end_mark, node.style or ""
    width = len(node.value) + 2 * len(quote)
    if not width or start.line != end.line or end.column - start.column != width:
        return None
    return Written(span_of(node, file), quote, node.value)


def find(node: Any, path: Path, *, key: bool = False) -> Any:
    """Return the node at `path`, or that of its last key; where it does not exist, the nearest ancestor's."""
    for depth, part in enumerate(path):
        child = _child(node, part)
        if child is None:
            return node
        at_key = key and depth == len(path) - 1
        node = child[0] if at_key and child[0] is not None else child[1]
    return node


def exists(node: Any, path: Path) -> bool:
    """Whether there is a value at `path`."""
    for part in path:
        child = _child(node, part)
        if child is None:
            return False
        node = child[1]
    return True


def span_of(node: Any, file: str) -> Span:
    """Return where a node stands; a block list or mapping ends where its last value does."""
    start, end = node.start_mark, _end(node)
    line, column = start.line + 1, start.column + 1
    end_line, end_column = end.line + 1, end.column + 1
    if (end_line, end_column) <= (line, column):  # an empty value: point at one character
        end_line, end_column = line, column + 1
    return Span(file, line, column, end_line, end_column)


def _end(node: Any) -> Any:
    """Return the mark behind the last value: libyaml ends a block collection where the next token begins."""
    for _ in range(len(_KINDS) * 64):  # a recursive anchor has no end
        if node.__class__ not in _KINDS or node.flow_style or not node.value:
            break
        last = node.value[-1]
        node = last[1] if node.__class__ is MappingNode else last
    return node.end_mark


_KINDS = (MappingNode, SequenceNode)


def _child(node: Any, part: str | int) -> tuple[Any, Any] | None:
    """Return the key's node, or None, and the value's node one step down; None where there is no such step."""
    if node.__class__ is MappingNode:
        pairs = ((k, v) for k, v in node.value if k.__class__ is ScalarNode and k.value == part)
        return next(pairs, None)
    if node.__class__ is SequenceNode and isinstance(part, int) and 0 <= part < len(node.value):
        return None, node.value[part]
    return None
