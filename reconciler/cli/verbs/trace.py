"""`reconcile trace`: the way of one event through the files, without a daemon. It sends nothing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.console import fail, out, palette
from reconciler.cli.given_event import event_of, whole_event
from reconciler.cli.params import (
    AllowPlaintext,
    Dir,
    EventData,
    EventScope,
    EventSource,
    EventSubject,
    Integrations,
    SecretsDir,
)
from reconciler.cli.reach import Output
from reconciler.cli.showing.output import check_output, show

if TYPE_CHECKING:
    from reconciler.model.event import Event
    from reconciler.report.trace.report import TraceReport

app = typer.Typer(add_completion=False)


@app.command()
def trace(
    event: Annotated[
        str | None,
        typer.Argument(metavar="EVENT", help="A file with a CloudEvent as JSON (@FILE is the same); - reads stdin."),
    ] = None,
    event_type: Annotated[
        str | None, typer.Option("--type", "-t", metavar="TYPE", help="Instead of a file: the event's type.")
    ] = None,
    data: EventData = None,
    source: EventSource = "/reconcile/trace",
    subject: EventSubject = None,
    scope: EventScope = None,
    config: Annotated[
        str | None, typer.Option("--config", "-c", metavar="ID", help="Ask about this configuration alone.")
    ] = None,
    all_of_them: Annotated[
        bool, typer.Option("--all", help="List every configuration, not only those that ask for the type.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 when nobody receives it, or --config does not.")
    ] = False,
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    integrations: Integrations = None,
    secrets_dir: SecretsDir = options.SECRETS_DIR.default,
    allow_plaintext_secrets: AllowPlaintext = False,
    output: Output = "table",
) -> int:
    """Show whom an event reaches, and why not the others.

    No daemon is asked and nothing is sent: `reconcile trace event.json`, or `reconcile trace --type build.finished
    --data '{"status": "failed"}'`. The code of integrations that receive it runs, up to where it would send.
    """
    check_output(output)
    happened = _event(event, event_type, data, source, subject, scope or [])
    from reconciler.cli.engine_options import offline_options
    from reconciler.compose.offline.trace_run import TraceOptions, trace_event
    from reconciler.compose.offline.world import OfflineWorld
    from reconciler.config.places import display_prefix

    plaintext = allow_plaintext_secrets
    world = OfflineWorld(offline_options(dir, integrations, allow_plaintext_secrets=plaintext, secrets_dir=secrets_dir))
    report = trace_event(world, happened, TraceOptions(config, all_of_them, display_prefix(Path(dir))))
    _print(report, output)
    return int(exit_code and not report.receivers)


def _event(
    given: str | None, event_type: str | None, data: str | None, source: str, subject: str | None, scope: list[str]
) -> "Event":
    if (given is None) == (event_type is None):
        fail("expected one event: the name of a file with a CloudEvent, or --type")
    if event_type is not None:
        return event_of(event_type, source, subject, "trace", scope, data)
    file = _file(given or "-")  # a type given for a file is told first: with its data it looks as `emit` takes it
    if data or scope or subject:
        fail("a whole CloudEvent carries its own attributes: leave out --data, --scope and --subject, or give --type")
    return whole_event(file)


def _file(given: str) -> str:
    """Return `-` or `@FILE`, as `emit` takes them; who gives a type for a file is told how to ask for it."""
    if given == "-" or given.startswith("@"):
        return given
    if "/" not in given and not given.endswith(".json") and not Path(given).exists():
        fail(f"{given} was taken for a file, and there is none: for an event of that type, write --type {given}")
    return f"@{given}"


def _print(report: "TraceReport", output: str) -> None:
    if output == "table":
        from reconciler.report.trace.text import render_trace

        out("".join(render_trace(report, palette())))
        return
    from reconciler.report.trace.report import trace_item

    show(trace_item(report), output, lambda: "")
