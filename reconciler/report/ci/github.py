"""GitHub Actions: workflow commands that annotate the files of a pull request, and the summary page of a step.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. GitHub shows ten errors and ten
warnings of a step, so the worst come first, and the summary has them all.
"""

from collections.abc import Iterator

from reconciler.model.diagnostic import Diagnostic
from reconciler.report.ansi import printable
from reconciler.report.findings.run import Run, told
from reconciler.report.findings.summary import summary_line

MOST_ROWS = 1000
"""How many findings the summary lists: GitHub takes 1 MiB of it."""


def render(run: Run) -> str:
    """Return one command for each finding, and the summary line."""
    return commands(run) + summary_line(run.summary)


def commands(run: Run) -> str:
    """Return one command for each finding."""
    return "".join(f"{_command(found)}\n" for found in run.worst_first)


def _command(found: Diagnostic) -> str:
    span = found.span
    place = {"file": span.file, "line": str(span.line), "endLine": str(span.end_line), "col": str(span.column)}
    if span.end_line == span.line:  # GitHub takes an end column within one line alone
        place["endColumn"] = str(max(span.column, span.end_column - 1))
    place["title"] = f"reconcile: {found.rule}"
    properties = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    return f"::{found.severity.value} {properties}::{_data(told(found))}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")  # and line feeds are escapes by now


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_summary(run: Run) -> str:
    """Return the page of the step in Markdown: a heading, the counts, and a table of the findings."""
    return "".join(_summary(run))


def _summary(run: Run) -> Iterator[str]:
    yield f"### reconcile validate\n\n{summary_line(run.summary)}\n"
    if not run.diagnostics:
        return
    yield "| | where | rule | what |\n| --- | --- | --- | --- |\n"
    for found in run.worst_first[:MOST_ROWS]:
        sign = "❌" if found.is_error else "⚠️"
        place = f"{found.span.file}:{found.span.line}:{found.span.column}"
        yield f"| {sign} | {_cell(place)} | `{found.rule}` | {_cell(told(found))} |\n"
    if len(run.diagnostics) > MOST_ROWS:
        yield f"\nand {len(run.diagnostics) - MOST_ROWS:,} more\n"


def _cell(text: str) -> str:
    """Return text that stays in its cell and is no markup, whatever a file is called or holds."""
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "[": "&#91;", "]": "&#93;", "*": "&#42;",
             "_": "&#95;", "`": "&#96;", "\\": "&#92;", "@": "&#64;", "#": "&#35;"}  # fmt: skip
    return "".join(marks.get(character, character) for character in printable(text))
