"""Something that happened, with the attributes of CloudEvents 1.0 (section 2 of its specification)."""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from reconciler.model.errors import EventError
from reconciler.model.json import Json

_EXTENSION = re.compile(r"[a-z0-9]{1,20}\Z")
_CONTEXT = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"})
MAX_ATTRIBUTE = 1024
"""The longest attribute taken, in characters."""


class Event(Struct, frozen=True):
    """One event. `scope` holds its extension attributes; an event's scope is never taken from its `data`.

    `time` is aware, in UTC; `data` is any JSON value. Raises EventError when an attribute breaks the specification.
    """

    type: str
    source: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    subject: str | None = None
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    data: Json = None
    scope: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    datacontenttype: str | None = None
    dataschema: str | None = None

    def __post_init__(self) -> None:
        for name in ("id", "source", "type"):
            _check_text(name, getattr(self, name), required=True)
        for name in ("subject", "datacontenttype", "dataschema"):
            if getattr(self, name) is not None:
                _check_text(name, getattr(self, name), required=True)
        for key, value in self.scope.items():
            if not _EXTENSION.match(key) or key in _CONTEXT or key == "data":
                raise EventError(
                    f"the extension attribute {key!r} must be 1 to 20 of a-z and 0-9, and not a reserved name"
                )
            _check_text(key, value, required=False)
        if self.time.tzinfo is None:
            raise EventError("the attribute 'time' must carry a time zone")

    def as_json(self) -> dict[str, Any]:
        """Return the event in the CloudEvents JSON format (structured mode)."""
        attributes: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        for name in ("subject", "datacontenttype", "dataschema"):
            value = getattr(self, name)
            if value is not None:
                attributes[name] = value
        attributes.update(self.scope)
        if self.data is not None:
            attributes["data"] = self.data
        return attributes

    @classmethod
    def from_json(cls, value: object) -> "Event":
        """Build an event from the CloudEvents JSON format.

        Raises EventError, naming the attribute, for anything the specification forbids.
        """
        if not isinstance(value, Mapping):
            raise EventError(f"an event is a JSON object, not {_kind(value)}")
        if "specversion" not in value:
            raise EventError("the attribute 'specversion' is required: write \"1.0\"")
        if value["specversion"] != "1.0":
            raise EventError(f"the attribute 'specversion' must be \"1.0\", found {_shown(value['specversion'])}")
        if "data_base64" in value:
            raise EventError("the attribute 'data_base64' is not taken: send JSON in 'data'")
        for name in ("id", "source", "type"):
            if name not in value:
                raise EventError(f"the attribute {name!r} is required")
        extensions = {key: _extension(key, value[key]) for key in value if key not in _CONTEXT and key != "data"}
        optional = {
            name: value[name] for name in ("subject", "datacontenttype", "dataschema") if value.get(name) is not None
        }
        if value.get("time") is not None:
            optional["time"] = parse_time(value["time"])
        return cls(
            type=value["type"],
            source=value["source"],
            id=value["id"],
            data=value.get("data"),
            scope=MappingProxyType(extensions),
            **optional,
        )


def parse_time(text: object) -> datetime:
    """Return an RFC 3339 time as an aware datetime in UTC; raises EventError."""
    if isinstance(text, str) and len(text) <= 64 and re.match(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d", text):
        try:
            moment = datetime.fromisoformat(text.upper())
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise EventError(
        f"the attribute 'time' must be an RFC 3339 time such as 2026-01-31T12:00:00Z, found {_shown(text)}"
    )


def _extension(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    raise EventError(f"the extension attribute {key!r} must be a string, a number or a boolean, not {_kind(value)}")


def _check_text(name: str, value: object, *, required: bool) -> None:
    if not isinstance(value, str):
        raise EventError(f"the attribute {name!r} must be a string, not {_kind(value)}")
    if required and not value:
        raise EventError(f"the attribute {name!r} must not be empty")
    if len(value) > MAX_ATTRIBUTE:
        raise EventError(f"the attribute {name!r} is longer than {MAX_ATTRIBUTE} characters")
    if any(ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F for character in value):
        raise EventError(f"the attribute {name!r} must not hold control characters")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
