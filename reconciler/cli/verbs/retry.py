"""`reconcile retry`: try what failed now, not when its backoff ends."""

from typing import Annotated, Any

import typer

from reconciler.cli.console import complain, out, palette
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Server, TokenFile, daemon
from reconciler.cli.verbs.selecting import Integration, Labels, selector_of
from reconciler.report.ansi import printable
from reconciler.report.count import count

app = typer.Typer(add_completion=False)


@app.command()
def retry(
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Configurations (slack/ops), or one integration (slack)."),
    ] = None,
    label: Labels = None,
    integration: Integration = None,
    everything: Annotated[bool, typer.Option("--all", help="Every configuration.")] = False,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
) -> int:
    """Try again at once what failed, waiting deliveries too. No backoff is waited for."""
    if keys and len(keys) == 1 and not (label or integration or everything):
        daemon(state_dir, server, token_file).post("/api/v1/retry", {"key": keys[0]})
        out(f"{palette().green('✓')} {printable(keys[0])} is tried again now\n")
        return 0
    selector = selector_of(keys, label, integration, everything)
    answer: Any = daemon(state_dir, server, token_file).post("/api/v1/retry", {"selector": selector})
    if not answer["configs"]:
        complain(f"nothing is tried again: {answer['selected']} means no configuration, and `reconcile get` lists them")
        return 1
    told = f"{printable(answer['selected'])} ({count(answer['configs'], 'configuration')})"
    out(f"{palette().green('✓')} what failed of {told}, if anything, is tried again now\n")
    return 0
