"""`reconcile retry`: try a failed configuration or integration now, not when its backoff ends."""

from typing import Annotated

import typer

from reconciler.cli.console import out, palette
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Server, TokenFile, daemon
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)


@app.command()
def retry(
    key: Annotated[str, typer.Argument(metavar="ID", help="A configuration (slack/ops) or an integration (slack).")],
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
) -> int:
    """Try again at once what failed, waiting deliveries too. No backoff is waited for."""
    daemon(state_dir, server, token_file).post("/api/v1/retry", {"key": key})
    out(f"{palette().green('✓')} {printable(key)} is tried again now\n")
    return 0
