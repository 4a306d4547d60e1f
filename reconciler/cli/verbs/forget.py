"""`reconcile forget`: drop an effect from the inventory that nobody can remove any more."""

from typing import Annotated

import typer

from reconciler.cli.console import out, palette
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.output import check_output, show
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)


@app.command()
def forget(
    owner: Annotated[
        str, typer.Argument(metavar="ID", help="A configuration (github/acme) or an integration (github).")
    ],
    key: Annotated[
        str | None,
        typer.Argument(metavar="KEY", help="The effect, from `reconcile get ID`; all of them if left out."),
    ] = None,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """Drop effects from the inventory; what is outside stays.

    An effect is what an integration made outside the process, such as a registered webhook. This is for those
    whose integration is not installed any more, or whose service is gone: remove them by hand, then forget.
    """
    check_output(output)
    value = {"id": owner} | ({"key": key} if key is not None else {})
    answer = daemon(state_dir, server, token_file).post("/api/v1/forget", value)

    if output == "table":
        count = answer["forgotten"]
        what = "1 effect" if count == 1 else f"{count} effects"
        out(f"{palette().green('✓')} forgot {what} of {printable(owner)}: what is outside stays there\n")
    else:
        show(answer, output, lambda: "")
    return 0
