"""`reconcile pause`: nothing is sent, and deliveries wait, or become dead letters."""

from typing import Annotated

import typer

from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.verbs.selecting import Everything, For, Ids, Integration, Labels, Reason, impose, selector_of

app = typer.Typer(add_completion=False)


@app.command()
def pause(
    ids: Ids = None,
    label: Labels = None,
    integration: Integration = None,
    everything: Everything = False,
    lasting: For = None,
    reason: Reason = "",
    drop: Annotated[bool, typer.Option("--drop", help="Give deliveries up, to the dead letters.")] = False,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """Stop sending: deliveries wait.

    Until it ends deliveries to these configurations wait, or with --drop become dead letters.
    """
    selector = selector_of(ids, label, integration, everything)
    body = {"kind": "pause", "selector": selector, "for": lasting, "reason": reason, "drop": drop}
    return impose(daemon(state_dir, server, token_file), body, output)
