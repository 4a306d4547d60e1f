"""`reconcile history`: the last passes of a daemon and what people did between them, newest first."""

from typing import Annotated, Any

import typer

from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.output import check_output, show

app = typer.Typer(add_completion=False)


@app.command()
def history(
    limit: Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=1000, help="How many entries.")] = 20,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """Show what was done, when, and why.

    The last passes and what made them look, and what people did between them, newest first.
    """
    check_output(output)
    items = list(daemon(state_dir, server, token_file).get("history", limit=limit)["items"])[:limit]

    def table() -> Any:
        from reconciler.report.tables import history_table

        return history_table(items) if items else "no passes yet"

    show({"format_version": 1, "items": items}, output, table)
    return 0
