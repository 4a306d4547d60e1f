"""`reconcile emit`: send one event to a daemon, by its type and data, or a whole CloudEvent."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.console import fail, out, palette
from reconciler.cli.given_event import event_of, whole_event
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Server, TokenFile, daemon
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)
_CLOUDEVENT = "application/cloudevents+json"


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
        event = whole_event(event_type).as_json()
    else:
        if event_type.endswith(".json") and Path(event_type).is_file():
            fail(f"{event_type} is a file: write @{event_type} for the event that it holds")
        event = event_of(event_type, source, subject, event_id, scope or [], data).as_json()
    answer = daemon(state_dir, server, token_file).post("/events", event, _CLOUDEVENT)
    out(f"{palette().green('✓')} {_receipt(event, answer['receipts'][0])}\n")
    return 0


def _receipt(event: dict[str, Any], receipt: Any) -> str:
    told, number = printable(event["type"]), receipt["sequence"]
    verdict = (
        f"known already: {told} is number {number}" if receipt["duplicate"] else f"accepted {told} as number {number}"
    )
    return f"{verdict} (id {printable(event['id'])})"
