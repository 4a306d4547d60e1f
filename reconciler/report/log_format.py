"""Log records as text: one line each for a machine or a person, of bounded length, that no message can forge.

Formatters for the standard library's logging; the command line chooses one. The names of fields are `log_fields.py`'s.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.report.ansi import Palette, crop, printable
from reconciler.report.items import moment
from reconciler.report.log_fields import ALWAYS, FIELDS

LONGEST_MESSAGE = 8192
LONGEST_FIELD = 1024
LONGEST_TRACE = 16384
LONGEST_DETAIL = 32768
_SHOWN = {"pass": "pass", "delivery": "delivery", "attempt": "attempt", "event_id": "event"}
_SHORT = 12


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `timestamp` (RFC 3339), `level`, `logger`, `message`, then what is known of FIELDS."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        head = (
            moment(record.created),
            record.levelname.lower(),
            record.name,
            crop(record.getMessage(), LONGEST_MESSAGE),
        )
        item: dict[str, Any] = dict(zip(ALWAYS, head, strict=True))
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        item |= {name: _bounded(name, fields[name]) for name in FIELDS if name in fields and name != "traceback"}
        own = {str(name): _field(value) for name, value in fields.items() if name not in FIELDS}
        if own:
            item["extra"] = _bounded("extra", {**own, **fields.get("extra", {})})
        trace = _trace(self, record)
        return json.dumps(item | ({"traceback": trace} if trace else {}), default=_field)


class HumanFormatter(logging.Formatter):
    """`warning reconciler.runtime: message (pass 3)`, in colour where there is one; a traceback follows, indented.

    `timed` puts the time of day first: for a terminal, since whatever else keeps lines notes the time itself.
    """

    def __init__(self, paint: Palette, *, timed: bool = False) -> None:
        super().__init__()
        self._paint = paint
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, and its traceback beneath."""
        paint, name = self._paint, record.levelname.lower()
        clock = paint.dim(time.strftime("%H:%M:%S ", time.localtime(record.created))) if self._timed else ""
        label = paint.dim(name) if record.levelno < logging.WARNING else paint.severity(name, name)
        message = printable(crop(record.getMessage(), LONGEST_MESSAGE))
        ids = ", ".join(_ids(getattr(record, "fields", {})))
        line = f"{clock}{label} {paint.dim(record.name)}: {message}{paint.dim(f' ({ids})') if ids else ''}"
        return line + "".join(f"\n    {printable(part)}" for part in _trace(self, record).splitlines())


def _bounded(name: str, value: Any) -> Any:
    """Return a field's value; what is nested is left out whole where it would be too long, since half of it lies."""
    if not isinstance(value, Mapping):
        return _field(value)
    try:
        size = len(json.dumps(value, default=_field))
    except (TypeError, ValueError, RecursionError):
        size = LONGEST_DETAIL + 1
    if size <= LONGEST_DETAIL:
        return dict(value)
    return {"event": _field(value.get("event")), "cut": True} if name == "detail" else {"cut": True}


def _field(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return crop(str(value), LONGEST_FIELD)


def _ids(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, said in _SHOWN.items():
        if name in fields:
            text = str(fields[name])
            yield f"{said} {printable(text if len(text) <= _SHORT else text[:_SHORT] + '…')}"


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return the traceback; of one that is too long the end, which says what happened."""
    text = formatter.formatException(record.exc_info) if record.exc_info else ""
    return text if len(text) <= LONGEST_TRACE else f"…{text[-LONGEST_TRACE + 1 :]}"
