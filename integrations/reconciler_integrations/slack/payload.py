"""From a `Message` to what Slack takes: blocks, an attachment that carries the colour, and a text for notifications.

Pure. Limits are those of Slack's reference for Block Kit; what is longer is cut with an ellipsis.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from reconciler.sdk import Field, Level, Message

_COLOURS: Final = {Level.INFO: "#5b7083", Level.SUCCESS: "#2eb67d", Level.WARNING: "#ecb22e", Level.ERROR: "#e01e5a"}
_SECTION: Final = 3000
_SECTIONS: Final = 8
_FIELD: Final = 2000
_FIELDS: Final = 10
_BLOCKS: Final = 49
_TITLE: Final = 500
_URL: Final = 3000
_THREAD: Final = re.compile(r"\d{10}\.\d{6}\Z")
_LINK: Final = re.compile(r"\[([^\]\n|]{1,300})\]\((https?://[^\s()<>|]{1,2000})\)")
_BOLD: Final = re.compile(r"\*\*([^*\n]{1,1000})\*\*")


def build_payload(message: Message) -> dict[str, Any]:
    """Return the JSON that both ways of posting share."""
    title = _title(message)
    rest = [*_text_blocks(message.text), *_field_blocks(message.fields), *_image(message), *_context(message)]
    if not rest and message.severity is not Level.INFO:
        rest = [_note(message.severity.value.capitalize())]
    payload: dict[str, Any] = {
        "text": _fit(_escaped(_one_line(message.title) or message.text), _SECTION),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    if title:
        payload["blocks"] = [_section(title)]
    if rest:
        fallback = _fit(_escaped(message.text or message.title), _SECTION)
        colour = _COLOURS[message.severity]
        payload["attachments"] = [{"color": colour, "fallback": fallback, "blocks": rest[:_BLOCKS]}]
    if not payload["text"]:
        payload["text"] = "(no text)"
    if _THREAD.match(message.thread_key):
        payload["thread_ts"] = message.thread_key
    return payload


def _title(message: Message) -> str:
    """Return the title in bold, linked where there is an address."""
    title = _fit(_escaped(_one_line(message.title)), _TITLE)
    if message.url.startswith(("http://", "https://")) and len(message.url) < _SECTION - _TITLE - 10:
        address = _escaped(message.url).replace("|", "%7C").replace(" ", "%20")
        return f"*<{address}|{title or address}>*"
    return f"*{title}*" if title else ""


def _text_blocks(text: str) -> Iterator[dict[str, Any]]:
    left = _marked(text.strip())
    for number in range(1, _SECTIONS + 1):
        if not left:
            return
        if len(left) <= _SECTION or number == _SECTIONS:
            yield _section(_fit(left, _SECTION))
            return
        end = left.rfind("\n", 1, _SECTION)
        end = end if end > 0 else len(_whole(left[:_SECTION])) or _SECTION
        yield _section(left[:end])
        left = left[end:].lstrip("\n")


def _field_blocks(fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    short = [_fit(_field(field), _FIELD) for field in fields if field.short]
    for start in range(0, len(short), _FIELDS):
        listed = [{"type": "mrkdwn", "text": text} for text in short[start : start + _FIELDS]]
        yield {"type": "section", "fields": listed}
    for field in fields:
        if not field.short:
            yield _section(_fit(_field(field), _SECTION))


def _field(field: Field) -> str:
    title = f"*{_escaped(_one_line(field.title))}*\n" if field.title.strip() else ""
    return title + (_marked(field.value) or "–")  # noqa: RUF001 - an empty field is refused


def _image(message: Message) -> Iterator[dict[str, Any]]:
    if message.image.startswith(("http://", "https://")) and len(message.image) <= _URL:
        yield {"type": "image", "image_url": message.image, "alt_text": _one_line(message.title)[:200] or "image"}


def _context(message: Message) -> Iterator[dict[str, Any]]:
    if message.author.strip():
        yield _note(_fit(_escaped(_one_line(message.author)), _FIELD))


def _note(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _marked(text: str) -> str:
    """Return Markdown's links and bold as Slack writes them; nothing in the text can mention or link by itself."""
    return _BOLD.sub(r"*\1*", _LINK.sub(r"<\2|\1>", _escaped(text)))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fit(text: str, limit: int) -> str:
    return text if len(text) <= limit else _whole(text[: limit - 1]) + "…"


def _whole(text: str) -> str:
    """Return text that was cut without the half entity or half link at its end."""
    text = re.sub(r"&[a-z]{0,3}\Z", "", text)
    opened = text.rfind("<")
    return text[:opened] if opened > text.rfind(">") else text
