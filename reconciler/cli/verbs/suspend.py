"""`reconcile suspend`: what runs keeps running, and what the files ask for waits."""

import typer

from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.verbs.selecting import Everything, For, Ids, Integration, Labels, Reason, impose, selector_of

app = typer.Typer(add_completion=False)


@app.command()
def suspend(
    ids: Ids = None,
    label: Labels = None,
    integration: Integration = None,
    everything: Everything = False,
    lasting: For = None,
    reason: Reason = "",
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """Freeze what runs: file changes wait.

    Until it ends these configurations keep running as they are, whatever happens to their files.
    """
    selector = selector_of(ids, label, integration, everything)
    body = {"kind": "suspend", "selector": selector, "for": lasting, "reason": reason}
    return impose(daemon(state_dir, server, token_file), body, output)
