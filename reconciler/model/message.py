"""The neutral form of what a chat or mail integration says; each service formats it."""

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """How loud a message is."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class Field(Struct, frozen=True):
    """A short labelled fact beside the text; `short` ones may stand side by side."""

    title: str
    value: str
    short: bool = True


class Message(Struct, frozen=True):
    """What is to be said. Text is plain, with Markdown's `*`, `_`, `` ` `` and links where the service has them."""

    title: str
    text: str = ""
    url: str = ""
    severity: Level = Level.INFO
    fields: tuple[Field, ...] = ()
    author: str = ""
    image: str = ""
    thread_key: str = ""
