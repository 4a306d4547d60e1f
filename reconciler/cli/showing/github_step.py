"""A step of GitHub Actions: files named from the repository's root, and the summary page of the step."""

import os
from pathlib import Path

from msgspec.structs import replace

from reconciler.model.diagnostic import Diagnostic, Related, Span
from reconciler.report.findings.run import Run

_LARGEST = 1_000_000
"""GitHub refuses a summary of more than 1 MiB."""


def as_github_sees(run: Run) -> Run:
    """Return `run` with every file named from the repository's root, where the step stands in a folder of it."""
    root = os.environ.get("GITHUB_WORKSPACE", "")
    here = os.path.relpath(Path.cwd(), root) if root else "."
    if here == "." or here.startswith(".."):
        return run
    return replace(run, diagnostics=[_moved(found, here) for found in run.diagnostics])


def _moved(found: Diagnostic, here: str) -> Diagnostic:
    related = tuple(Related(_place(one.span, here), one.message) for one in found.related)
    return replace(found, span=_place(found.span, here), related=related)


def _place(span: Span, here: str) -> Span:
    return replace(span, file=os.path.normpath(f"{here}/{span.file}"))


def write_step_summary(run: Run) -> None:
    """Append the table of findings to the page of the step, where there is one."""
    from reconciler.report.ci.github import render_summary

    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        text = render_summary(run).encode("utf-8", "backslashreplace")
        with Path(page).open("ab") as summary:
            summary.write(text if len(text) < _LARGEST else b"### reconcile validate\n\nToo many findings to list.\n")
