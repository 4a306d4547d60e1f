"""Where each part of a template stands: Jinja2 counts lines alone, so its line numbers are made to carry more.

A `Spot` is the number of a line that knows its character as well. Jinja2 copies it from tokens to nodes and errors
without looking. `sandbox` gives its environment `tokens`, whoever reports asks `offset_of`.
"""

import re
from collections.abc import Iterator
from typing import Final, Self

from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Lexer, TokenStream

from reconciler.core.findings.wrong import Wrong

Raw = tuple[int, str, str]
_TOKEN: Final = re.compile(r"\w+|[{][{%#]-?|-?[}%#][}]|\S")
_TAG: Final = re.compile(r"encountered unknown tag '(\w+)'")
_TAGS: Final = ("if", "for", "set", "with")


class Spot(int):
    """The number of a line, from 1, and at which character of the whole text, from 0."""

    offset: int

    def __new__(cls, line: int, offset: int) -> Self:
        """Make the number of a line that knows more."""
        spot = super().__new__(cls, line)
        spot.offset = offset
        return spot


def tokens(lexer: Lexer, source: str, name: str | None, filename: str | None, state: str | None) -> TokenStream:
    """Return the tokens of a template, with spots for lines."""
    raw = _placed(source, lexer.tokeniter(source, name, filename, state))
    return TokenStream(lexer.wrap(raw, name, filename), name, filename)


def offset_of(line: int | None) -> int | None:
    """Return the character that the number of a line knows, or None."""
    return line.offset if isinstance(line, Spot) else None


def syntax_error(error: TemplateSyntaxError, text: str) -> Wrong:
    """Return what Jinja2 says is wrong with a template, and where."""
    message = re.sub(r" at \d+\Z", "", (error.message or "it is not a template").rstrip("."))
    message = message[:1].lower() + message[1:]
    if message in {"unexpected char '\"'", 'unexpected char "\'"'}:
        message = "a text in quotes does not end"
    offset = offset_of(error.lineno)
    if offset is None:
        return Wrong(message, 0, len(text))
    word = _TOKEN.match(text, offset)
    length = len(word[0]) if word is not None else 1
    tag = _TAG.match(message)
    if tag is None:
        return Wrong(message, offset, length)
    return Wrong(message, offset, length, "", tag[1], [*_TAGS, *re.findall(r"'(end\w+|el\w+)'", message)])


def _placed(source: str, raw: Iterator[Raw]) -> Iterator[Raw]:
    """Give each token its character: tokens follow each other in the text, with white space left out."""
    if "\r" in source:  # Jinja2 makes line feeds of them, and characters are counted no more
        yield from raw
        return
    at = 0
    try:
        for line, kind, value in raw:
            found = source.find(value, at)
            at = at if found < 0 else found
            yield Spot(line, at), kind, value
            at += len(value) if found >= 0 else 0
    except TemplateSyntaxError as error:
        rest = source[at:]
        error.lineno = Spot(error.lineno, at + len(rest) - len(rest.lstrip()))
        raise
