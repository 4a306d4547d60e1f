"""What is wrong with a text that somebody wrote into a string of a document: an expression, a template. Pure."""

from collections.abc import Sequence

from msgspec import Struct


class Wrong(Struct, frozen=True):
    """What is wrong: a sentence, and which of its characters it is about.

    `help` says what to write, or is empty; a name that is not known is `unknown`, and `known` could be meant.
    """

    message: str
    offset: int = 0
    length: int = 1
    help: str = ""
    unknown: str = ""
    known: Sequence[str] = ()
