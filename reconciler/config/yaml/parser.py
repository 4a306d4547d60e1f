"""libyaml's composer, kept from recursing until the interpreter crashes; and what the bytes alone tell.

It is not a loader: tags are not resolved and values not built (`build`). `reader` calls it, nobody else.
"""

import operator
import re
from typing import Any, Final

from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs know it as an import alone

MAX_DEPTH: Final = 32
"""How many lists and mappings may stand inside each other."""
MAX_NODES: Final = 20_000
"""How many values, keys included, one document may have, its aliases followed."""
LIMIT_HELP: Final = "a configuration is small and flat: write it without anchors, or split it"
MAX_DIRECTIVES: Final = 16
"""libyaml compares each directive with all others."""

_SHALLOW_BYTES = 16 * 1024
_SHALLOW_BRACKETS = 32
_DEEP_INDENT = b"\n" + b" " * 16
_SHALLOW_DASHES = 100
_ANCHOR = re.compile(rb"&[^&\s]")
_NON_SPECIFIC_TAG = (b"! ", b"!\n", b"!\r", b"!\t")
_DIRECTIVE = re.compile(rb"^%", re.MULTILINE)


class TooMuch(Exception):
    """More depth or more values than a configuration may have: a verdict, turned into a diagnostic at once.

    `mark` is libyaml's place of it, or None.
    """

    def __init__(self, message: str, mark: Any = None) -> None:
        super().__init__(message)
        self.mark = mark


class ShallowParser(CParser):
    """A composer without any guard, for bytes that are proven shallow.

    libyaml calls these three for every node, and any Python function here would cost more than the node itself. The
    one thing that matters about them: they take these arguments, do nothing and are written in C.
    """

    descend_resolver: Any = operator.is_
    ascend_resolver: Any = [].clear
    resolve: Any = "".format  # so the tag of a node that has none is the empty string, which no document can write


class GuardedParser(CParser):
    """A composer that counts depth and nodes in the hooks that libyaml calls before it descends."""

    depth = 0
    nodes = 0
    resolve: Any = "".format

    def descend_resolver(self, parent: Any, _index: Any) -> None:
        """Count one node; raises TooMuch before C recurses into it."""
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH + 1:  # one more, for the scalars in the innermost list
            raise TooMuch(f"values are nested deeper than {MAX_DEPTH} levels", parent and parent.start_mark)
        if self.nodes > MAX_NODES:
            raise TooMuch(f"the document has more than {MAX_NODES:,} values", parent and parent.start_mark)

    def ascend_resolver(self) -> None:
        """Leave a node."""
        self.depth -= 1

    def get_node(self) -> Any:
        """Compose the next document, counting from nought."""
        self.nodes = 0
        return super().get_node()


def open_parser(data: bytes) -> Any:
    """Return a parser for UTF-8 bytes: `check_node()` and `get_node()` as PyYAML has them. Raises TooMuch."""
    if is_shallow(data):
        return ShallowParser(data)
    if b"%" in data and len(_DIRECTIVE.findall(data)) > MAX_DIRECTIVES:
        raise TooMuch(f"the file has more than {MAX_DIRECTIVES} lines that begin with %")
    return GuardedParser(data)


def is_shallow(data: bytes) -> bool:
    """Whether the bytes alone prove that libyaml will recurse no deeper than some 300 levels.

    A flow collection needs a bracket, and has at most one more level within (`[a: b]`). A block collection begins
    right of its parent, or in the same column (a list in a mapping): on a line of its own it needs an indentation,
    within a line it needs a dash or a question mark before it. Searches for one byte cost a fifth of those for two.
    """
    return (
        len(data) <= _SHALLOW_BYTES
        and data.count(b"-") <= _SHALLOW_DASHES
        and data.count(b"[") + data.count(b"{") <= _SHALLOW_BRACKETS
        and data.find(b"\t") < 0
        and data.find(b"\r") < 0
        and (data.find(b"?") < 0 or data.find(b"? ") < 0)
        and data.find(_DEEP_INDENT) < 0
    )


def needs_care(data: bytes) -> bool:
    """Whether there may be anchors, or the tag `!` that says no more than "not plain": the quick way knows neither."""
    return (data.find(b"&") >= 0 and _ANCHOR.search(data) is not None) or (
        data.find(b"!") >= 0 and any(tag in data for tag in _NON_SPECIFIC_TAG)
    )
