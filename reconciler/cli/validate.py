"""What `reconcile validate` does, once its arguments are read: check, report in each format asked for, exit code.

Starts as quickly as it can: what only findings need is imported when there are findings.
"""

import os
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from reconciler.cli.console import fail, out, wants_colour
from reconciler.cli.names import names
from reconciler.cli.sources import read_source
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
    strict: bool,
    fix: bool,
    diff: bool,
    jobs: int,
    allow_plaintext_secrets: bool,
    integrations: str | None,
    secrets_dir: str,
) -> int:
    """Check `paths`, or `dir` where there are none, and return the exit code: 1 for errors, or warnings if `strict`."""
    targets = parse_formats(format)
    if "" in (dir, *paths):
        fail("expected the path of a directory or a file, found an empty one")
    if jobs < 0:
        fail(f"--jobs: expected 0 or more, found {jobs}")
    from reconciler.config.run.run import RunOptions, validate_paths

    options = RunOptions(jobs or None, allow_plaintext_secrets, names(integrations), Path(secrets_dir))
    roots = [Path(path) for path in paths or [dir]]
    result, fixed = validate_paths(roots, options), 0
    if fix or diff:
        from reconciler.cli.fixing import fix_findings, show_diff

        if diff:
            return show_diff(roots, options, result, format)
        result, fixed = fix_findings(roots, options, result)
    summary = summarize(result.diagnostics, result.files, result.configs, fixed)
    run = Run(result.diagnostics, summary, read_source, secret_keys(options.integrations))
    for target in targets:
        _write(target, run)
    return int(bool(summary.errors or (strict and summary.warnings)))


def secret_keys(allowed: tuple[str, ...] | None) -> Callable[[bytes], Collection[str]]:
    """Return what tells which keys hold secrets in a file; schemas are read when it is asked."""
    known: list[Callable[[bytes], Collection[str]]] = []

    def of(data: bytes) -> Collection[str]:
        if not known:
            from reconciler.config.catalogue import Catalogue
            from reconciler.config.explain.secret_keys import SecretKeys

            known.append(SecretKeys(Catalogue(allowed)))
        return known[0](data)

    return of


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
