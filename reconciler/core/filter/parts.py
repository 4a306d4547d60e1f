"""A `when` taken apart where people read it: at `&&`, `||`, `!` and comparisons. Text in, pieces of that text out.

Not a parser of CEL: it is only asked about expressions that compiled, knows tokens and brackets, and leaves whatever
else there is whole. `explain.py` calls it.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

_TOKEN: Final = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*)+)
    | (?P<text>[bB]?[rR][bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*')
              |[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
    | (?P<word>[A-Za-z_]\w*|`[^`]*`)
    | (?P<number>(?:\d[\w.]*[eE][-+]\d+|\d[\w.]*|\.\d[\w.]*))
    | (?P<sign>&&|\|\||==|!=|<=|>=|.)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN: Final = frozenset("([{")
_CLOSE: Final = frozenset(")]}")
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_CONSTANTS: Final = frozenset({"true", "false", "null"})


class Kind(StrEnum):
    """How a piece is made of its parts."""

    ALL = "&&"
    ANY = "||"
    NOT = "!"
    COMPARISON = "comparison"
    WHOLE = "whole"


class Piece(Struct, frozen=True):
    """A piece of an expression. `parts` are what `&&`, `||` and `!` join, or a comparison's two operands."""

    text: str
    kind: Kind
    parts: tuple["Piece", ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths into the event that it reads, such as `data.status`, as written and in their order."""
        return tuple(dict.fromkeys(_paths(_tokens(self.text))))

    @property
    def is_constant(self) -> bool:
        """Whether it reads nothing of the event."""
        return not self.paths


class _Token(Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int


def take_apart(text: str) -> Piece:
    """Return an expression as the tree of its logical operators."""
    return _piece(text, _tokens(text))


def _tokens(text: str) -> list[_Token]:
    found = [_Token(match.lastgroup or "", match[0], *match.span()) for match in _TOKEN.finditer(text)]
    return [token for token in found if token.kind != "space"]


def _piece(text: str, tokens: list[_Token]) -> Piece:
    tokens = _bare(tokens)
    whole = text[tokens[0].start : tokens[-1].end] if tokens else ""
    outer = [(index, token.text) for index, token in _outside(tokens)]
    if any(sign == "?" for _, sign in outer):
        return Piece(whole, Kind.WHOLE)
    for kind in (Kind.ANY, Kind.ALL):
        places = [index for index, sign in outer if sign == kind.value]
        if places:
            return Piece(whole, kind, tuple(_piece(text, part) for part in _split(tokens, places)))
    places = [index for index, sign in outer if sign in _COMPARISONS]
    if places:
        parts = _split(tokens, places[-1:])
        return Piece(whole, Kind.COMPARISON, tuple(Piece(_cut(text, part), Kind.WHOLE) for part in parts))
    if len(tokens) > 1 and tokens[0].text == "!":
        return Piece(whole, Kind.NOT, (_piece(text, tokens[1:]),))
    return Piece(whole, Kind.WHOLE)


def _cut(text: str, tokens: Sequence[_Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


def _bare(tokens: list[_Token]) -> list[_Token]:
    """Take off brackets around the whole."""
    while len(tokens) > 2 and tokens[0].text == "(" and _closes(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _closes(tokens: Sequence[_Token]) -> int:
    """Return where the bracket closes that the first token opens."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "sign":
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
            if depth == 0:
                return index
    return len(tokens)


def _outside(tokens: Sequence[_Token]) -> Iterator[tuple[int, _Token]]:
    """Yield the signs, and the word `in`, that stand in no bracket."""
    depth = 0
    for index, token in enumerate(tokens):
        if token.kind == "sign":
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth == 0 and (token.kind == "sign" or token.text == "in") and token.text not in _CLOSE:
            yield index, token


def _split(tokens: list[_Token], places: Sequence[int]) -> list[list[_Token]]:
    bounds = [-1, *places, len(tokens)]
    return [tokens[start + 1 : end] for start, end in itertools.pairwise(bounds)]


def _paths(tokens: Sequence[_Token]) -> Iterator[str]:
    at = 0
    while at < len(tokens):
        if tokens[at].kind != "word" or tokens[at].text in _CONSTANTS or (at and tokens[at - 1].text == "."):
            at += 1
            continue
        path, at = _path(tokens, at)
        if path:
            yield path


def _path(tokens: Sequence[_Token], at: int) -> tuple[str, int]:
    """Return the path that begins at a word and where it ends; an empty one for the name of a function."""
    parts = [tokens[at].text]
    at += 1
    while at < len(tokens):
        following = [token.text for token in tokens[at : at + 3]]
        if following[0] == "." and len(following) > 1 and tokens[at + 1].kind == "word":
            parts.append(f".{following[1]}")
            at += 2
        elif following[0] == "[" and len(following) == 3 and following[2] == "]":
            parts.append("".join(following))
            at += 3
        else:
            break
    if at < len(tokens) and tokens[at].text == "(":
        parts.pop()
    return "".join(parts), at
