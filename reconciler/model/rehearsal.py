"""What a rehearsal of one delivery gave: the message, and what would have been sent, as JSON values."""

from typing import Any

from msgspec import Struct

from reconciler.model.message import Message


class Course(Struct, frozen=True):
    """How a delivery went whose answers a case scripts: its attempts, and the waits between them in seconds.

    `result` is `delivered`, `dead` or `fallback`; `reason` is why it was given up, as dead letters have it, and
    `fallback` who got it then.
    """

    attempts: int
    waits: tuple[float, ...]
    result: str
    reason: str = ""
    fallback: str = ""


class Rehearsed(Struct, frozen=True):
    """One delivery that was made with nothing sent. No value of a secret is in it, for none was resolved.

    `message` is what the integration rendered, None where it renders none. Each item of `sent` is a request (`method`,
    `url`, `headers`, `body`), a connection (`connect`, `body`) or what was printed (`stdout`, `stderr`). `published`
    are the events that the integration published itself. `error` says why nothing could be sent, or is empty; `note`
    what it made of the answer that stands in for the service's. Of several attempts, all this is the last one's;
    `course` is None where the answers were not scripted.
    """

    message: Message | None = None
    sent: tuple[dict[str, Any], ...] = ()
    published: tuple[dict[str, Any], ...] = ()
    error: str = ""
    note: str = ""
    course: Course | None = None


def message_value(message: Message | None) -> dict[str, Any] | None:
    """Return a message as JSON, what is left out being the default: an empty text, severity `info`, short fields."""
    if message is None:
        return None
    texts = {name: getattr(message, name) for name in ("title", "text", "url", "author", "image", "thread_key")}
    value: dict[str, Any] = {name: text for name, text in texts.items() if text}
    if message.severity.value != "info":
        value["severity"] = message.severity.value
    if message.fields:
        value["fields"] = [
            {"title": one.title, "value": one.value, **({} if one.short else {"short": False})}
            for one in message.fields
        ]
    return value
