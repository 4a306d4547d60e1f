"""What `reconcile validate` does, once its arguments are read: check, report in each format asked for, exit code.

Starts as quickly as it can: what only findings need is imported when there are findings.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from reconciler.cli.console import err, fail
from reconciler.cli.names import names
from reconciler.cli.showing.sources import LazySecretKeys, read_source, read_stdin
from reconciler.cli.showing.targets import Target, parse_targets, write_reports
from reconciler.report.ansi import Palette, printable
from reconciler.report.findings.run import Run
from reconciler.report.findings.summary import summarize
from reconciler.report.formats import FORMATS, render


def validate(
    *,
    paths: Sequence[str],
    dir: str,  # noqa: A002  the flag's name
    format: str,  # noqa: A002  the flag's name
    strict: bool | None,
    fix: bool,
    diff: bool,
    select: Sequence[str] | None,
    ignore: Sequence[str] | None,
    stdin_filename: str | None,
    changed_since: str | None,
    jobs: int,
    allow_plaintext_secrets: bool,
    integrations: str | None,
    secrets_dir: str,
    resolve_secrets: bool = False,
) -> int:
    """Check `paths`, or `dir` where there are none, and return the exit code: 1 for errors, or warnings if `strict`.

    The path `-` is standard input, as the content of the file `stdin_filename`.
    """
    targets = parse_formats(format)
    if "" in (dir, *paths):
        fail("expected the path of a directory or a file, found an empty one")
    if jobs < 0:
        fail(f"--jobs: expected 0 or more, found {jobs}")
    from reconciler.config.run.run import RunOptions, validate_paths, validate_text
    from reconciler.core.findings.selection import Selection

    selection = Selection(rules("select", select), rules("ignore", ignore), strict)
    options = RunOptions(
        jobs or None, allow_plaintext_secrets, names(integrations), Path(secrets_dir), selection, Path(dir),
        resolve_secrets=resolve_secrets, changed_since=changed_since,
    )  # fmt: skip
    source: Callable[[str], bytes | None] = read_source
    fixed = 0
    if "-" in paths or stdin_filename is not None:
        if fix or diff:
            fail("--fix and --diff change files: give a path, not standard input")
        if changed_since is not None:
            fail("--changed-since compares files: give a path, not standard input")
        file, data, source = read_stdin(paths, stdin_filename)
        result = validate_text(data, file, options)
    else:
        if not paths and not os.path.lexists(dir):
            fail(f"the directory {dir} does not exist (a PATH or --dir names another; `reconcile init` begins one)")
        roots = [Path(path) for path in paths or [dir]]
        result = validate_paths(roots, options)
        if fix or diff:
            from reconciler.cli.fixing import fix_findings, show_diff

            if diff:
                return show_diff(roots, options, result, format)
            result, fixed = fix_findings(roots, options, result)
    for note in result.notes:
        err(printable(note))
    summary = summarize(result.diagnostics, result.files, result.configs, fixed, result.secrets, result.tests)
    run = Run(result.diagnostics, summary, source, LazySecretKeys(options.integrations))
    write_reports(targets, partial(_render, run))
    return int(result.failed)


def rules(flag: str, given: Sequence[str] | None) -> tuple[str, ...] | None:
    """Read `--select a,b --select c`; a rule that is not there, or may not be ignored, ends the verb."""
    if not given:
        return None
    from reconciler.core.findings.selection import refusal

    found = tuple(rule.strip() for text in given for rule in text.split(",") if rule.strip())
    for rule in found:
        problem = refusal(flag, rule)
        if problem is not None:
            fail(f"--{flag}: {problem[0]} ({problem[1]})")
    return found


def parse_formats(text: str, known: Sequence[str] = FORMATS) -> list[Target]:
    """Read `text,json=report.json`; a format that is not `known`, or two on stdout, ends the verb.

    Nothing means `text`, or within a step of GitHub Actions `github`.
    """
    return parse_targets(text or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"), known)


def _render(run: Run, name: str, colours: Palette) -> str:
    if name in {"github", "sarif"}:
        from reconciler.cli.showing.github_step import as_github_sees, write_step_summary

        run = as_github_sees(run)
        if name == "github":
            write_step_summary(run)
    return "".join(render(name, run, colours))
