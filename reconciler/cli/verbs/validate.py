"""`reconcile validate` as Typer's tree has it. Plain calls take the quick path, which ends in the same function."""

from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.params import AllowPlaintext, Dir, Integrations, SecretsDir, option

app = typer.Typer(add_completion=False)


@app.command()
def validate(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Files, directories that are roots themselves, or - for standard input."),
    ] = None,
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    format: Annotated[str, option(options.FORMAT)] = options.FORMAT.default,  # noqa: A002
    strict: Annotated[bool | None, option(options.STRICT)] = options.STRICT.default,
    fix: Annotated[bool, option(options.FIX)] = options.FIX.default,
    diff: Annotated[bool, option(options.DIFF)] = options.DIFF.default,
    select: Annotated[list[str] | None, option(options.SELECT)] = None,
    ignore: Annotated[list[str] | None, option(options.IGNORE)] = None,
    stdin_filename: Annotated[str | None, option(options.STDIN_FILENAME)] = None,
    changed_since: Annotated[str | None, option(options.CHANGED_SINCE)] = options.CHANGED_SINCE.default,
    jobs: Annotated[int, option(options.JOBS)] = options.JOBS.default,
    allow_plaintext_secrets: AllowPlaintext = options.ALLOW_PLAINTEXT.default,
    integrations: Integrations = None,
    secrets_dir: SecretsDir = options.SECRETS_DIR.default,
    resolve_secrets: Annotated[bool, option(options.RESOLVE_SECRETS)] = options.RESOLVE_SECRETS.default,
) -> int:
    """Check configurations and report every finding. The step for CI; no integration's code runs."""
    from reconciler.cli import validate as verb

    return verb.validate(
        paths=paths or [], dir=dir, format=format, strict=strict, fix=fix, diff=diff, select=select, ignore=ignore,
        stdin_filename=stdin_filename, changed_since=changed_since, jobs=jobs,
        allow_plaintext_secrets=allow_plaintext_secrets, integrations=integrations, secrets_dir=secrets_dir,
        resolve_secrets=resolve_secrets,
    )  # fmt: skip
