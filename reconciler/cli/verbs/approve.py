"""`reconcile approve`: let a held plan go, exactly the one that was shown."""

from typing import Annotated

import typer

from reconciler.cli.console import fail, out, palette
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Server, TokenFile, daemon
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)


@app.command()
def approve(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="The name of the held plan, from `reconcile plan`.")],
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
) -> int:
    """Release the removals that are held. Refused when they are not the ones that were shown."""
    if not digest:
        fail("expected a digest, such as 53878a0ec400: `reconcile plan` shows it")
    daemon(state_dir, server, token_file).post("/api/v1/approve", {"digest": digest})
    out(f"{palette().green('✓')} approved {printable(digest)}: the daemon carries it out now\n")
    return 0
