"""The formats of `validate`, by name. A format's module is imported when it is asked for: most runs need one.

Called by the command line. `text` and `concise` are for people and can have colours; the others are files.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Final

from reconciler.report.ansi import Palette
from reconciler.report.findings.run import Run
from reconciler.report.findings.summary import summary_line

FOR_PEOPLE: Final = ("text", "concise")
_MODULES: Final = {
    "json": "reconciler.report.findings.json_report",
    "github": "reconciler.report.ci.github",
    "gitlab": "reconciler.report.ci.gitlab",
    "sarif": "reconciler.report.ci.sarif",
    "junit": "reconciler.report.ci.junit",
    "azure": "reconciler.report.ci.azure",
    "rdjson": "reconciler.report.ci.rdjson",
}
FORMATS: Final = (*FOR_PEOPLE, *_MODULES)


def render(name: str, run: Run, palette: Palette) -> Iterator[str]:
    """Yield the report of `run` in the format `name`, one of FORMATS, in pieces."""
    if name in _MODULES:
        report: Callable[[Run], str] = import_module(_MODULES[name]).render
        yield report(run)
        return
    if run.diagnostics:
        yield from _findings(name, run, palette)
        if name == "text":
            yield palette.dim(f"for more about a rule: reconcile explain {run.worst_first[0].rule}") + "\n"
    yield summary_line(run.summary, palette)


def _findings(name: str, run: Run, palette: Palette) -> Iterator[str]:
    if name == "concise":
        from reconciler.report.findings.concise import render_concise

        return render_concise(run.diagnostics, palette)
    from reconciler.report.findings.text import TextReport

    return TextReport(palette, run.source, run.secret_keys).render(run.diagnostics)
