"""The table of options as Typer wants it, and the types that verbs annotate their parameters with."""

from typing import Annotated, Any

import typer

from reconciler.cli import options
from reconciler.cli.options import Opt


def option(described: Opt, *more: str) -> Any:
    """Return the Typer option that `described` is; `more` are further flags for one verb."""
    flags = [*described.flags, *more]
    if described.off:
        flags[0] = f"{flags[0]}/{described.off}"
    return typer.Option(*flags, help=described.help, envvar=described.env, metavar=described.metavar)


Dir = Annotated[str, option(options.DIR)]
StateDir = Annotated[str, option(options.STATE_DIR)]
Integrations = Annotated[str | None, option(options.INTEGRATIONS)]
SecretsDir = Annotated[str, option(options.SECRETS_DIR)]
AllowPlaintext = Annotated[bool, option(options.ALLOW_PLAINTEXT)]

EventData = Annotated[
    str | None, typer.Option("--data", "-d", metavar="JSON|@FILE|-", help="The data: JSON, a file, or stdin.")
]
EventSource = Annotated[str, typer.Option("--source", metavar="URI", help="Where it happened.")]
EventSubject = Annotated[str | None, typer.Option("--subject", metavar="TEXT", help="What it is about.")]
EventScope = Annotated[
    list[str] | None, typer.Option("--scope", metavar="KEY=VALUE", help="An extension attribute (repeatable).")
]
