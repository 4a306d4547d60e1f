"""Bare `reconcile`: one pass over the directory, or with `--watch` the daemon."""

# ruff: noqa: ARG001  Typer declares options by a function's parameters; they are read together, from the context

from typing import Annotated, Any

import typer

from reconciler.cli import options
from reconciler.cli.console import fail, out
from reconciler.cli.params import AllowPlaintext, Dir, Integrations, SecretsDir, StateDir, option


def _print_version(value: bool) -> None:
    if value:
        from reconciler._version import __version__

        out(f"reconcile {__version__}\n")
        raise typer.Exit


def root(
    ctx: typer.Context,
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    state_dir: StateDir = options.STATE_DIR.default,
    watch: Annotated[bool, option(options.WATCH)] = False,
    standby: Annotated[bool, option(options.STANDBY)] = False,
    listen: Annotated[str | None, option(options.LISTEN)] = None,
    allowed_host: Annotated[list[str] | None, option(options.ALLOWED_HOSTS)] = None,
    grace: Annotated[str, option(options.GRACE)] = options.GRACE.default,
    prune_limit: Annotated[str, option(options.PRUNE_LIMIT)] = options.PRUNE_LIMIT.default,
    integrations: Integrations = None,
    secrets_dir: SecretsDir = options.SECRETS_DIR.default,
    allow_plaintext_secrets: AllowPlaintext = False,
    allow_network: Annotated[list[str] | None, option(options.ALLOW_NETWORK)] = None,
    deny_network: Annotated[list[str] | None, option(options.DENY_NETWORK)] = None,
    token_file: Annotated[str | None, option(options.TOKEN_FILE)] = None,
    log_format: Annotated[str, option(options.LOG_FORMAT)] = options.LOG_FORMAT.default,
    log_level: Annotated[str, option(options.LOG_LEVEL)] = options.LOG_LEVEL.default,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> int:
    """Integrations as code: keep a live set of integrations equal to a directory of YAML files.

    Without a verb, make one pass and shut down cleanly. With --watch, keep running.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    values = {name: value for name, value in ctx.params.items() if name not in {"version", "watch"}}
    if watch:
        return _watch(values)
    if listen is not None and _given(ctx, "listen"):
        fail("--listen: one pass serves nothing; add --watch to keep running")
    if standby and _given(ctx, "standby"):
        fail("--standby: one pass takes no state directory from anybody; add --watch to keep running")
    return _once(values)


def _given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _watch(values: dict[str, Any]) -> int:
    from reconciler.cli.watch import watch

    return watch(values)


def _once(values: dict[str, Any]) -> int:
    from reconciler.cli.once import once

    return once(values)
