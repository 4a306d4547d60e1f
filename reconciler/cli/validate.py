"""What `reconcile validate` does, once its arguments are read: check, report in each format asked for, exit code.

Starts as quickly as it can: what only findings need is imported when there are findings.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.cli.console import fail, out, wants_colour
from reconciler.cli.names import names
from reconciler.report.ansi import Palette
from reconciler.report.summary import Summary, summarize, summary_line

if TYPE_CHECKING:
    from reconciler.model.diagnostic import Diagnostic

FORMATS = ("text", "concise", "json")


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
    from reconciler.config.run import RunOptions, validate_paths

    options = RunOptions(jobs or None, allow_plaintext_secrets, names(integrations), Path(secrets_dir))
    result = validate_paths([Path(path) for path in paths or [dir]], options)
    summary = summarize(result.diagnostics, result.files, result.configs)
    for target in targets:
        _write(target, result.diagnostics, summary)
    return int(bool(summary.errors or (strict and summary.warnings)))


def parse_formats(text: str) -> list[Target]:
    """Read `text,json=report.json`; an unknown format, or two on stdout, ends the verb."""
    targets = [Target(*(part.strip() or None for part in item.split("=", 1))) for item in text.split(",")]  # type: ignore[arg-type]
    for target in targets:
        if target.format not in FORMATS:
            fail(f"--format: expected text, concise or json, found {target.format or ''!r}")
    if sum(target.file is None for target in targets) > 1:
        fail("--format: only one report can go to stdout: give the others a file, such as json=report.json")
    return targets


def _write(target: Target, diagnostics: "Sequence[Diagnostic]", summary: Summary) -> None:
    if target.file is None:
        out("".join(_render(target.format, diagnostics, summary, Palette(wants_colour(sys.stdout)))))
        return
    text = "".join(_render(target.format, diagnostics, summary, Palette(False)))
    Path(target.file).write_text(text, encoding="utf-8", errors="backslashreplace")


def _render(name: str, diagnostics: "Sequence[Diagnostic]", summary: Summary, paint: Palette) -> Iterator[str]:
    if name == "json":
        from reconciler.report.json_report import json_value, render_json

        yield render_json(json_value(diagnostics, summary))
        return
    if diagnostics:
        yield from _findings(name, diagnostics, paint)
    yield summary_line(summary, paint)


def _findings(name: str, diagnostics: "Sequence[Diagnostic]", paint: Palette) -> Iterator[str]:
    if name == "concise":
        from reconciler.report.concise import render_concise

        return render_concise(diagnostics, paint)
    from reconciler.cli.sources import read_source
    from reconciler.report.text import TextReport

    return TextReport(paint, read_source).render(diagnostics)
