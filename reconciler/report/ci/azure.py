"""Azure Pipelines: logging commands that mark a build's issues.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from reconciler.model.diagnostic import Diagnostic
from reconciler.report.ansi import printable
from reconciler.report.findings.run import Run, told
from reconciler.report.findings.summary import summary_line


def render(run: Run) -> str:
    """Return one command for each finding, the worst first, and the summary line."""
    return "".join([*(f"{_command(found)}\n" for found in run.worst_first), summary_line(run.summary)])


def _command(found: Diagnostic) -> str:
    properties = {
        "type": found.severity.value,
        "sourcepath": found.span.file,
        "linenumber": str(found.span.line),
        "columnnumber": str(found.span.column),
        "code": found.rule,
    }
    given = ";".join(f"{name}={_escaped(value)}" for name, value in properties.items())
    return f"##vso[task.logissue {given}]{_escaped(told(found))}"


def _escaped(text: str) -> str:
    text = printable(text)  # line feeds are escapes from here on
    for character, code in (("%", "%AZP25"), (";", "%3B"), ("]", "%5D")):
        text = text.replace(character, code)
    return text
