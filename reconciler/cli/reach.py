"""The parameters of every verb that asks a daemon, and the daemon that they name."""

from pathlib import Path
from typing import Annotated

from reconciler.cli import options
from reconciler.cli.client import Daemon
from reconciler.cli.params import option

Server = Annotated[str | None, option(options.SERVER)]
TokenFile = Annotated[str | None, option(options.TOKEN_FILE)]
Output = Annotated[str, option(options.OUTPUT)]


def daemon(state_dir: str, server: str | None, token_file: str | None) -> Daemon:
    """Return the daemon of a state directory, or the one at `server`."""
    return Daemon(Path(state_dir), server, Path(token_file) if token_file else None)
