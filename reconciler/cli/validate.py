"""What `reconcile validate` does, once its arguments are read: check, report in each format asked for, exit code.

Starts as quickly as it can: what only findings need is imported when there are findings.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from reconciler.cli.console import fail, out, wants_colour
from reconciler.cli.names import names
from reconciler.cli.sources import read_source, read_stdin
from reconciler.report.ansi import Palette
from reconciler.report.ci.run import Run
from reconciler.report.formats import FORMATS, render
from reconciler.report.summary import summarize


class Target(NamedTuple):
    """One report: its format and the file it goes to, None being stdout."""

    format: str
    file: str | None = None


def validate(
    *,
    paths: Sequence[str],
    dir: str,  # noqa: A002  the flag's name
    format: str,  # noqa: A002  the flag's name
    strict: bool | None,
    select: Sequence[str] | None,
    ignore: Sequence[str] | None,
    stdin_filename: str | None,
    jobs: int,
    allow_plaintext_secrets: bool,
    integrations: str | None,
    secrets_dir: str,
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
    from reconciler.config.tree.settings import Selection

    selection = Selection(rules("select", select), rules("ignore", ignore), strict)
    options = RunOptions(
        jobs or None, allow_plaintext_secrets, names(integrations), Path(secrets_dir), selection, Path(dir)
    )
    source: Callable[[str], bytes | None] = read_source
    if "-" in paths or stdin_filename is not None:
        file, data, source = read_stdin(paths, stdin_filename)
        result = validate_text(data, file, options)
    else:
        result = validate_paths([Path(path) for path in paths or [dir]], options)
    run = Run(result.diagnostics, summarize(result.diagnostics, result.files, result.configs), source)
    for target in targets:
        _write(target, run)
    return int(result.failed)


def rules(flag: str, given: Sequence[str] | None) -> tuple[str, ...] | None:
    """Read `--select a,b --select c`; a rule that is not there, or may not be ignored, ends the verb."""
    if not given:
        return None
    from reconciler.config.run.selection import refusal

    found = tuple(rule.strip() for text in given for rule in text.split(",") if rule.strip())
    for rule in found:
        problem = refusal(flag, rule)
        if problem is not None:
            fail(f"--{flag}: {problem[0]} ({problem[1]})")
    return found


def parse_formats(text: str) -> list[Target]:
    """Read `text,json=report.json`; an unknown format, or two on stdout, ends the verb.

    Nothing means `text`, or within a step of GitHub Actions `github`.
    """
    text = text or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    targets = [Target(*(part.strip() or None for part in item.split("=", 1))) for item in text.split(",")]  # type: ignore[arg-type]
    for target, item in zip(targets, text.split(","), strict=True):
        if target.file is None and "=" in item:
            fail(f"--format: expected the name of a file after {item.strip()!r}")
        if target.format not in FORMATS:
            fail(f"--format: expected {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, found {target.format or ''!r}")
    if sum(target.file is None for target in targets) > 1:
        fail("--format: only one report can go to stdout: give the others a file, such as json=report.json")
    return targets


def _write(target: Target, run: Run) -> None:
    if target.format in {"github", "sarif"}:
        from reconciler.cli.github_step import as_github_sees, write_step_summary

        run = as_github_sees(run)
        if target.format == "github":
            write_step_summary(run)
    if target.file is None:
        out("".join(render(target.format, run, Palette(wants_colour(sys.stdout)))))
        return
    text = "".join(render(target.format, run, Palette(False)))
    Path(target.file).write_text(text, encoding="utf-8", errors="backslashreplace")
