"""The neutral form of what a chat or mail integration says; each service formats it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How loud a message is."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Field:
    """A short labelled fact beside the text; `short` ones may stand side by side."""

    title: str
    value: str
    short: bool = True


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said. Text is plain, with Markdown's `*`, `_`, `` ` `` and links where the service has them."""

    title: str
    text: str = ""
    url: str = ""
    severity: Level = Level.INFO
    fields: tuple[Field, ...] = ()
    author: str = ""
    image: str = ""
    thread_key: str = ""
