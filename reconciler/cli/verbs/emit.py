"""`reconcile emit`: send one event to a daemon, by its type and data, or a whole CloudEvent."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from reconciler.cli.console import fail, out, palette
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Server, TokenFile, daemon
from reconciler.model.errors import EventError
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)
_CLOUDEVENT = "application/cloudevents+json"
_EXAMPLE: Final = '{"status": "failed"}'
_LARGEST: Final = 1024 * 1024
"""What a daemon takes at most, in bytes; more is not read."""


@app.command()
def emit(
    event_type: Annotated[
        str,
        typer.Argument(
            metavar="TYPE|@FILE|-", help="The event's type; or a file, or stdin, that holds a whole CloudEvent as JSON."
        ),
    ],
    data: Annotated[
        str | None, typer.Option("--data", "-d", metavar="JSON|@FILE|-", help="The data: JSON, a file, or stdin.")
    ] = None,
    source: Annotated[str, typer.Option("--source", metavar="URI", help="Where it happened.")] = "/reconcile/emit",
    subject: Annotated[str | None, typer.Option("--subject", metavar="TEXT", help="What it is about.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", metavar="KEY=VALUE", help="An extension attribute (repeatable).")
    ] = None,
    event_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Its id; the same id and source twice is one event.")
    ] = None,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
) -> int:
    """Send an event; it is on the daemon's disk when this returns.

    `reconcile emit build.finished --data '{"status": "failed"}' --scope team=web`, or `reconcile emit @event.json`.
    """
    if event_type == "-" or event_type.startswith("@"):
        if data or scope or subject or event_id:
            fail("a whole CloudEvent carries its own attributes: leave out --data, --scope, --subject and --id")
        value = _json("the event", event_type)
    else:
        value = _attributes(event_type, source, subject, event_id, scope or [])
        value |= {"data": _json("--data", data)} if data is not None else {}
    event = _checked(value)
    answer = daemon(state_dir, server, token_file).post("/events", event, _CLOUDEVENT)
    out(f"{palette().green('✓')} {_receipt(event, answer['receipts'][0])}\n")
    return 0


def _receipt(event: dict[str, Any], receipt: Any) -> str:
    told, number = printable(event["type"]), receipt["sequence"]
    verdict = (
        f"known already: {told} is number {number}" if receipt["duplicate"] else f"accepted {told} as number {number}"
    )
    return f"{verdict} (id {printable(event['id'])})"


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


def _checked(value: Any) -> dict[str, Any]:
    """Refuse here what the daemon would refuse: the same rules, a sentence sooner."""
    from reconciler.model.event import Event

    try:
        return Event.from_json(value).as_json()
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
