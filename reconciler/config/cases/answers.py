"""The answers that a case scripts, and what it expects of the delivery then, out of values that fit the schema.

Called by `read.py`.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from reconciler.model.case import Answer
from reconciler.model.duration import format_duration, parse_duration

_COURSE: Final = ("attempts", "waits", "result", "reason")


def answers_of(raw: Any) -> tuple[Answer, ...]:
    """Return the answers of one configuration: a status, a mapping, or a list of these."""
    return tuple(map(_answer, raw)) if isinstance(raw, list) else (_answer(raw),)


def _answer(raw: int | Mapping[str, Any]) -> Answer:
    """Return one answer. What a status alone has for a body is usual: that all is well, or in words what is not."""
    if isinstance(raw, int):
        raw = {"status": raw, "body": {"ok": True} if raw < 300 else _words(raw)}
    body = raw.get("body", "")
    kind = "text/plain" if isinstance(body, str) else "application/json"
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {name.lower(): str(value) for name, value in raw.get("headers", {}).items()}
    return Answer(raw["status"], {"content-type": kind, **headers}, data.encode("utf-8", "replace"))


def _words(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def wanted_course(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is expected of the attempts, durations as reports write them; None where nothing is."""
    wanted = {key: raw[key] for key in _COURSE if key in raw}
    if "waits" in wanted:
        wanted["waits"] = [format_duration(parse_duration(wait)) for wait in wanted["waits"]]
    return wanted or None
