"""A stretch of YAML: from where reading begins to the end of the file, or to where its syntax is broken.

What is right takes one straight way: compose, build quickly, done. What is unusual or wrong is built a second time with
care. `reader` reads a file by stretches; `mending` reads one again with a fix in it.
"""

from typing import Any

from msgspec import Struct
from yaml import YAMLError
from yaml.nodes import ScalarNode

from reconciler.config.yaml.build import CarefulBuilder, Unusual, build_quickly
from reconciler.config.yaml.parser import LIMIT_HELP, TooMuch, needs_care, open_parser
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity, Span


class Stretch(Struct, frozen=True):
    """The value and the node of each document, what is wrong with the others, and the line, from 0, where it broke."""

    documents: list[tuple[Any, Any]]
    findings: list[Diagnostic]
    broken_at: int | None = None


def read_stretch(data: bytes, file: str) -> Stretch:
    """Read documents until the end, or to where the syntax is broken."""
    documents: list[tuple[Any, Any]] = []
    findings: list[Diagnostic] = []
    node = None
    try:
        parser = open_parser(data)
        careful = needs_care(data)
        while parser.check_node():
            node = parser.get_node()
            if node.__class__ is ScalarNode and not (node.value or node.style or node.tag):
                continue  # nothing but comments, or a `---` at the end
            try:
                value = None if careful else build_quickly(node)
            except Unusual:
                value = None
            if value is None:
                builder = CarefulBuilder(file, data.decode("utf-8"))
                value = builder.build(node)
                if builder.findings:
                    findings += builder.findings
                    continue
            documents.append((value, node))
    except YAMLError as error:
        from reconciler.config.yaml.messages import explain_error

        finding, line = explain_error(error, data.decode("utf-8"), file)
        findings.append(finding)
        if "document start" in str(error) and documents and documents[-1][1] is node:
            documents.pop()  # what was read last ended too early: the error is its own
        return Stretch(documents, findings, line)
    except TooMuch as error:
        findings.append(_too_much(error, file))
    return Stretch(documents, findings)


def _too_much(error: TooMuch, file: str) -> Diagnostic:
    mark = error.mark
    span = Span(file) if mark is None else Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return Diagnostic(rules.YAML_LIMIT, Severity.ERROR, str(error), span, LIMIT_HELP)
