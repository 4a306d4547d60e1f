"""The events of a test case: written inline, or in a file of CloudEvents beside the test file.

Called by `read.py`. What is wrong is raised as EventError with a sentence; the place is the caller's to add.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from reconciler.config.files import Unreadable, Vanished, read_file
from reconciler.model.errors import EventError
from reconciler.model.event import Event, parse_time

SOURCE: Final = "/reconcile/test"
"""Where an inline event happened that does not say it."""
_MOST: Final = 10_000


def inline_event(value: Mapping[str, Any], number: int, now: datetime) -> Event:
    """Return the event that a mapping of the schema's form describes; `number` counts from 1. Raises EventError."""
    return Event(
        type=value["type"],
        source=value.get("source", SOURCE),
        id=value.get("id", str(number)),
        subject=value.get("subject"),
        time=parse_time(value["time"]) if "time" in value else now,
        data=value.get("data"),
        scope=MappingProxyType(dict(value.get("scope", {}))),
    )


def events_of_file(name: str, folder: str, base: str) -> tuple[Event, ...]:
    """Return the CloudEvents in the file `name`, relative to `folder`, which must lie inside of `base`.

    The file holds one as JSON, a list of them, or one a line. Raises EventError.
    """
    text = _read(name, folder, base)
    values = _values(name, text)
    if not values:
        raise EventError(f"{name} holds no event")
    if len(values) > _MOST:
        raise EventError(f"{name} holds {len(values):,} events, at most {_MOST:,} are taken")
    return tuple(_event(f"{name}{place}", value) for place, value in values)


def _read(name: str, folder: str, base: str) -> str:
    path = os.path.realpath(f"{folder}/{name}")
    if not path.startswith(base.rstrip("/") + "/"):
        raise EventError(f"{name} leads out of the directory")
    try:
        return read_file(path)[0].decode("utf-8-sig")
    except Vanished:
        raise EventError(f"there is no file {name} here") from None
    except Unreadable as problem:
        raise EventError(f"{name}: {problem}") from None
    except UnicodeDecodeError as error:
        raise EventError(f"{name} is not UTF-8 at byte {error.start}") from None


def _values(name: str, text: str) -> list[tuple[str, Any]]:
    """Return each value with its place: of whole JSON, or of a value a line."""
    lines = [(f":{number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if name.endswith((".jsonl", ".ndjson")) or (len(lines) > 1 and _is_json(lines[0][1])):
        return [(place, _json(f"{name}{place}", line)) for place, line in lines]
    whole = _json(name, text)
    return [(f"[{index}]", item) for index, item in enumerate(whole)] if isinstance(whole, list) else [("", whole)]


def _json(place: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise EventError(f"{place} is not JSON: {error}") from None


def _is_json(line: str) -> bool:
    try:
        _json("", line)
    except EventError:
        return False
    return True


def _event(place: str, value: Any) -> Event:
    try:
        return Event.from_json(value)
    except EventError as error:
        raise EventError(f"{place}: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
