"""Events as the command line is given them: by type and data, or as a whole CloudEvent out of a file or stdin.

Called by `emit` and `trace`. What a daemon would refuse is refused here, with the same rules, a sentence sooner.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from reconciler.cli.console import fail
from reconciler.model.errors import EventError

if TYPE_CHECKING:
    from reconciler.model.event import Event

_EXAMPLE: Final = '{"status": "failed"}'
_LARGEST: Final = 1024 * 1024
"""What a daemon takes at most, in bytes; more is not read."""


def event_of(
    event_type: str, source: str, subject: str | None, event_id: str | None, scope: list[str], data: str | None
) -> "Event":
    """Return the event that options describe; `data` is JSON, `@FILE` or `-`. A mistake ends the verb."""
    value = _attributes(event_type, source, subject, event_id, scope)
    value |= {"data": _json("--data", data)} if data is not None else {}
    return _checked(value)


def whole_event(given: str) -> "Event":
    """Return the CloudEvent at `@FILE` or, for `-`, on stdin. A mistake ends the verb."""
    return _checked(_json("the event", given))


def _attributes(
    event_type: str, source: str, subject: str | None, event_id: str | None, scope: list[str]
) -> dict[str, Any]:
    value: dict[str, Any] = {"specversion": "1.0", "type": event_type, "source": source, "id": event_id or _new_id()}
    if subject is not None:
        value["subject"] = subject
    for pair in scope:
        key, equals, text = pair.partition("=")
        if not equals or not key or key == "data" or key in value:
            fail(f"--scope: expected KEY=VALUE with a key of its own (a-z and 0-9), found {pair!r}")
        value[key] = text
    return value


def _new_id() -> str:
    import secrets

    return secrets.token_hex(16)


def _checked(value: Any) -> "Event":
    from reconciler.model.event import Event

    try:
        return Event.from_json(value)
    except EventError as error:
        fail(f"not a CloudEvent: {error}")


def _json(what: str, given: str) -> Any:
    text = _read(what, given)
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        such = f", such as '{_EXAMPLE}'" if what == "--data" else ""
        fail(f"{what}: expected JSON{such}: {str(error)[:1].lower()}{str(error)[1:]}")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _read(what: str, given: str) -> str:
    try:
        if given == "-":
            return _bounded(what, sys.stdin)
        if not given.startswith("@"):
            return given
        with Path(given[1:]).open(encoding="utf-8") as opened:
            return _bounded(what, opened)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8"
        fail(f"{what}: cannot read {given[1:] or 'stdin'}: {reason}")


def _bounded(what: str, stream: TextIO) -> str:
    text = stream.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        fail(f"{what}: expected at most {_LARGEST} characters")
    return text
