"""`reconcile resume`: end suspensions and pauses."""

from typing import Annotated

import typer

from reconciler.cli.console import out, palette
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.output import check_output, show
from reconciler.cli.verbs.selecting import Ids, Integration, Labels, Reason, selector_of
from reconciler.report.ansi import printable
from reconciler.report.override_text import override_text

app = typer.Typer(add_completion=False)


@app.command()
def resume(
    ids: Ids = None,
    label: Labels = None,
    integration: Integration = None,
    everything: Annotated[bool, typer.Option("--all", help="Every suspension and pause there is.")] = False,
    reason: Reason = "",
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """End suspensions and pauses.

    Ends those that cover these configurations and nothing else.
    """
    check_output(output)
    selector = selector_of(ids, label, integration, everything)
    query = [("id", one) for one in selector["ids"]]
    query += [("label", f"{key}={value}") for key, value in selector["labels"].items()]
    query += [("integration", integration)] if integration else []
    query += [("all", "true")] if everything else []
    query += [("reason", reason)] if reason else []
    answer = daemon(state_dir, server, token_file).delete("overrides", query)
    if output != "table":
        show(answer, output, lambda: "")
        return 0
    for item in answer["items"]:
        word = {"suspend": "suspended", "pause": "paused"}[item["kind"]]
        out(f"{palette().green('✓')} resumed {printable(item['selected'])} ({word} {printable(override_text(item))})\n")
    return 0
