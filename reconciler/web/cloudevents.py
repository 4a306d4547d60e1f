"""The CloudEvents 1.0.2 HTTP binding: structured, batched and binary requests to events. No I/O."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_to_bytes

from reconciler.model.errors import EventError
from reconciler.model.event import Event
from reconciler.web.answers import ApiError
from reconciler.web.body import parse_json

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_EXPECTED = f"send {STRUCTURED}, {BATCH}, or JSON or text with the attributes in ce-* headers"


def decode_events(content_type: str | None, headers: Iterable[tuple[str, str]], body: bytes, limit: int) -> list[Event]:
    """Return the events of one request, at most `limit`.

    `headers` are all of them, names in lower case, values as Latin-1 decodes them. Raises ApiError: 400 for an event
    that breaks the specification, 413 for too long a batch, 415 for a content type that is not one of these.
    """
    media, charset = _media_type(content_type or "")
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise ApiError(415, "unsupported_charset", f"send UTF-8, not {charset[:40]}")
    if media == STRUCTURED:
        return [_event(parse_json(body))]
    if media == BATCH:
        return _batch(parse_json(body), limit)
    attributes = [(name[3:], value) for name, value in headers if name.startswith("ce-")]
    if media.startswith("application/cloudevents") or not attributes:
        raise ApiError(415, "unsupported_media_type", f"{_found(media)}: {_hint(media)}{_EXPECTED}")
    return [_event(_binary(content_type, media, attributes, body))]


def _event(value: object, place: str = "") -> Event:
    try:
        return Event.from_json(value)
    except (EventError, OverflowError) as error:  # a time near the year 1 or 9999 leaves the range in UTC
        raise ApiError(400, "invalid_event", f"{place}{error}") from None


def _batch(value: object, limit: int) -> list[Event]:
    if not isinstance(value, list):
        raise ApiError(400, "invalid_event", "a batch is a JSON list of events")
    if len(value) > limit:
        raise ApiError(413, "batch_too_long", f"a batch holds at most {limit} events, found {len(value)}")
    return [_event(item, f"event {index} of the batch: ") for index, item in enumerate(value)]


def _binary(
    content_type: str | None, media: str, attributes: Sequence[tuple[str, str]], body: bytes
) -> dict[str, object]:
    """Return the event in the JSON format; section 3.1 of the binding."""
    event: dict[str, object] = {}
    for name, value in attributes:
        if name in event:
            raise ApiError(400, "invalid_event", f"the header 'ce-{name}' comes twice")
        if name in ("data", "data_base64", "datacontenttype"):
            raise ApiError(400, "invalid_event", f"the header 'ce-{name}' is not one: Content-Type and the body say it")
        event[name] = _decode_value(name, value)
    if content_type is not None:
        event["datacontenttype"] = content_type
    if body:
        event["data"] = _data(media, body)
    return event


def _data(media: str, body: bytes) -> object:
    if media == "application/json" or media.endswith("+json"):
        return parse_json(body)
    if media.startswith("text/"):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise ApiError(400, "bad_text", "the body is not UTF-8") from None
    raise ApiError(415, "unsupported_media_type", f"{_found(media)}: {_EXPECTED}")


def _decode_value(name: str, value: str) -> str:
    """Undo quotes, then percent-encoding once; section 3.1.3.2 of the binding."""
    unquoted = _QUOTED.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), value) if '"' in value else value
    try:
        return unquote_to_bytes(unquoted.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise ApiError(400, "invalid_event", f"the header 'ce-{name[:40]}' is not percent-encoded UTF-8") from None


def _media_type(content_type: str) -> tuple[str, str]:
    """Return the media type and the charset, both in lower case, both possibly empty."""
    media, *parameters = content_type.split(";")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return media.strip().lower(), value.strip().strip('"').lower()
    return media.strip().lower(), ""


def _found(media: str) -> str:
    return f"the content type {media[:80]!r} is not taken" if media else "there is no content type"


def _hint(media: str) -> str:
    return "a CloudEvent is sent as application/cloudevents+json; " if media == "application/json" else ""
