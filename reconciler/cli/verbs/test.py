"""`reconcile test`: the `*.test.yaml` cases: given these events, these configurations receive them, with this."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from reconciler.cli import options
from reconciler.cli.console import disarmed, fail
from reconciler.cli.params import AllowPlaintext, Dir, Integrations
from reconciler.cli.showing.targets import write_reports
from reconciler.cli.validate import parse_formats
from reconciler.report.ansi import Palette

if TYPE_CHECKING:
    from reconciler.core.cases.result import CaseRun

app = typer.Typer(add_completion=False)
_FORMATS: Final = ("text", "github", "json", "junit")


@app.command("test")
def run_tests(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Test files, or folders of them; default: all of --dir.")
    ] = None,
    text: Annotated[
        str, typer.Option("--filter", "-k", metavar="TEXT", help="Run the cases whose file or name holds this.")
    ] = "",
    update: Annotated[
        bool, typer.Option("--update", "-u", help="Store what is found as the snapshots that cases ask for.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Tell which configurations no case has reached.")
    ] = False,
    allow_none: Annotated[bool, typer.Option("--allow-none", help="Let a run without any case pass.")] = False,
    format: Annotated[  # noqa: A002
        str,
        typer.Option(
            "--format",
            metavar="FORMAT[=FILE],…",
            help="text, github, json or junit, each with =FILE to write it there. Default: text, or github within "
            "GitHub Actions.",
        ),
    ] = "",
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    integrations: Integrations = None,
    allow_plaintext_secrets: AllowPlaintext = False,
) -> int:
    """Run the test cases beside the configurations. Nothing is sent.

    Cases stand in `*.test.yaml` files and say which configurations receive an event, and with what. The code of
    integrations runs, up to where it would send; secrets are not read.
    """
    targets = parse_formats(format, _FORMATS)
    from reconciler.cli.engine_options import offline_options
    from reconciler.compose.offline.case_run import CaseOptions, run_cases
    from reconciler.compose.offline.world import OfflineWorld

    if "" in (paths or ()):
        fail("expected the path of a folder or a test file, found an empty one")
    world = OfflineWorld(offline_options(dir, integrations, allow_plaintext_secrets=allow_plaintext_secrets))
    run = run_cases(world, Path(dir), CaseOptions(tuple(map(Path, paths or ())), text, update))
    if not run.results and not run.errors and not allow_none:
        fail(_nothing(run, paths or [dir], text))
    write_reports(targets, partial(_render, run, coverage))
    from reconciler.core.cases.result import Status

    return int(bool(run.errors or run.count(Status.FAILED)))


def _nothing(run: "CaseRun", paths: Sequence[str], text: str) -> str:
    where = ", ".join(paths)
    if run.files or run.others:
        return f"no case in {where} holds {text!r} in its file or name"
    return f"there is no test case beneath {where}: cases stand in *.test.yaml files (--allow-none lets this pass)"


def _render(run: "CaseRun", coverage: bool, name: str, paint: Palette) -> str:
    if name == "json":
        from reconciler.report.cases import json_report

        return json_report.render(run)
    if name == "junit":
        from reconciler.report.cases import junit

        return junit.render(run)
    from reconciler.cli.showing.sources import read_source
    from reconciler.report.cases.text import render_cases

    report = "".join(render_cases(run, paint, read_source, coverage=coverage))
    return disarmed(report) + _annotations(run) if name == "github" else report


def _annotations(run: "CaseRun") -> str:
    from reconciler.cli.showing.github_step import as_github_sees
    from reconciler.cli.showing.sources import read_source
    from reconciler.report.cases.text import findings
    from reconciler.report.ci.github import commands
    from reconciler.report.findings.run import Run
    from reconciler.report.findings.summary import summarize

    found = findings(run)
    return commands(as_github_sees(Run(found, summarize(found, run.files, 0), read_source)))
