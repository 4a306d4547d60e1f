"""`reconcile plan`: what would change. Asks the daemon; without one, compares with the accepted documents.

With `--from` it compares two commits instead, offline and out of git's objects: what a pull request would do.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli import options
from reconciler.cli.client import NoDaemon
from reconciler.cli.console import err, fail, out
from reconciler.cli.params import AllowPlaintext, Dir, Integrations, SecretsDir, StateDir, option
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.findings import findings_text
from reconciler.cli.showing.output import check_output
from reconciler.cli.showing.plan_reports import PLAN_FORMATS, Reports, plan_reports
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)
_AS_ACCEPTED = (
    "the files ask for what was accepted last. Secrets are not tried: `reconcile validate --resolve-secrets` does."
)


@app.command()
def plan(
    context: typer.Context,
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    before: Annotated[str | None, option(options.PLAN_FROM)] = None,
    after: Annotated[str | None, option(options.PLAN_TO)] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when there are changes.")] = False,
    format: Annotated[str | None, option(options.PLAN_FORMAT)] = None,  # noqa: A002  the flag's name
    prune_limit: Annotated[str, option(options.PRUNE_LIMIT)] = options.PRUNE_LIMIT.default,
    state_dir: StateDir = options.STATE_DIR.default,
    integrations: Integrations = None,
    secrets_dir: SecretsDir = options.SECRETS_DIR.default,
    allow_plaintext_secrets: AllowPlaintext = False,
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """Show what starts, changes and goes, without doing it.

    A running daemon gives its own plan; --dir and the options of a start count only where none runs. With --from,
    nobody is asked: two commits of the directory are compared.
    """
    check_output(output, formats=PLAN_FORMATS)
    if format is not None and _given(context, "output"):
        fail("--output and --format: give one of them; --format takes json, and --output a file for none")
    reports = plan_reports(format, output)
    offline = {
        "dir": dir, "state_dir": state_dir, "integrations": integrations, "secrets_dir": secrets_dir,
        "allow_plaintext_secrets": allow_plaintext_secrets,
    }  # fmt: skip
    if before is not None:
        if server is not None and _given(context, "server"):
            fail("--server and --from: a daemon knows no commits; give one of them")
        from reconciler.cli.plan_between import between

        return between(offline, (before, after or "HEAD"), prune_limit, reports, exit_code=exit_code)
    if after is not None:
        fail("--to: compare with what? add --from, such as --from origin/main...")
    try:
        there = daemon(state_dir, server, token_file)
        answer: Any = there.get("plan")
        status = there.get("status")
        errors, amiss, nothing = 0, _amiss(status) if reports.for_people else "", ""
        if _given(context, "dir") and Path(dir) != Path(status["root"]):
            err(f"a daemon answers: this is its own plan, of {printable(status['root'])}, whatever --dir says")
    except NoDaemon as nobody:
        if server is not None or not nobody.absent:
            raise
        (answer, errors, amiss), nothing = _offline(offline, reports), _AS_ACCEPTED
        if errors and not reports.for_people:
            err(f"{amiss}; `reconcile validate` shows them")
    reports.write(answer, amiss, nothing)
    return int(bool(errors) or (exit_code and bool(answer["actions"])))


def _given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _amiss(status: Any) -> str:
    """Say what of the files does not run and is in no plan: it is invalid, cannot be read, or failed."""
    if status["alarms"]:
        return str(status["alarms"][0])
    counts = {**status["configs"], "stale": status.get("stale", 0)}
    found = [f"{counts[state]} {state}" for state in ("failed", "invalid", "stale") if counts.get(state)]
    return f"not all runs as the files ask ({', '.join(found)}): `reconcile get` says why" if found else ""


def _offline(values: dict[str, Any], reports: Reports) -> tuple[dict[str, Any], int, str]:
    """Return the plan against the accepted documents, how many errors the files have, and what comes of these.

    Prints the errors.
    """
    from reconciler.cli.engine_options import engine_options
    from reconciler.compose.offline.plan import offline_plan
    from reconciler.config.places import display_prefix
    from reconciler.report.items import plan_item
    from reconciler.report.places import relocate

    err("no daemon answers: comparing with the accepted documents in the state directory")
    report = offline_plan(engine_options(values))
    if reports.for_people:
        out(findings_text(relocate(report.diagnostics, display_prefix(Path(values["dir"])))))
    errors = sum(found.is_error for found in report.diagnostics)
    comes = "what they asked for last stays" if report.stays else "what is wrong does not start"
    return plan_item(report.plan), errors, f"the files have errors: {comes}" if errors else ""
