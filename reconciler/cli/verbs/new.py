"""`reconcile new`: a commented configuration, or a whole integration with a test that passes."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.console import out, palette
from reconciler.cli.params import Dir, Integrations
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False, no_args_is_help=False)


@app.callback()
def new() -> None:
    """Make a configuration or an integration to begin with."""


@app.command()
def config(
    config_id: Annotated[str, typer.Argument(metavar="INTEGRATION/NAME", help="What to call it, such as slack/ops.")],
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    integrations: Integrations = None,
) -> int:
    """Write a configuration to be filled in. Every setting is explained; nothing is overwritten."""
    from reconciler.cli.names import names
    from reconciler.cli.new_config import new_config

    file = new_config(config_id, Path(dir), names(integrations))
    where = "" if dir == options.DIR.default else f" {shlex.quote(dir)}"
    out(f"{palette().green('✓')} wrote {printable(f'{file}: fill it in, then run `reconcile validate{where}`')}\n")
    return 0


@app.command()
def integration(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The id of the integration, such as pager.")],
    path: Annotated[str, typer.Option("--path", metavar="DIR", help="The folder to make it in.")] = ".",
) -> int:
    """Write a package with an integration of your own. Settings, schema, README and a test that passes."""
    from reconciler.cli.console import fail
    from reconciler.cli.scaffold import scaffold
    from reconciler.compose.catalogue import build_catalogue

    if name in build_catalogue().ids():
        fail(f"an integration {name!r} is installed already: choose another name")
    folder = scaffold(name, Path(path))
    shown = printable(str(folder))
    out(f"{palette().green('✓')} wrote {shown}\n  next: cd {shown} && pip install -e '.[test]' && pytest\n")
    return 0
