"""A run of test cases as JUnit XML: a suite for each test file, a test case for each case."""

from itertools import groupby
from xml.etree import ElementTree as ET  # written, never parsed

from reconciler.core.cases.result import CaseResult, CaseRun, Status
from reconciler.model.diagnostic import Diagnostic
from reconciler.report.cases.text import failure_lines
from reconciler.report.findings.headline import headline
from reconciler.report.xml import xml_document, xml_text


def render(run: CaseRun) -> str:
    """Return the document."""
    results = {file: list(many) for file, many in groupby(run.results, key=lambda one: one.case.file)}
    wrong: dict[str, list[Diagnostic]] = {}
    for found in run.diagnostics:
        wrong.setdefault(found.span.file, []).append(found)
    root = ET.Element("testsuites", {"name": "reconcile test", **_counts(run.results, len(wrong))})
    for file in sorted({*results, *wrong}):
        _suite(root, file, results.get(file, []), wrong.get(file, []))
    return xml_document(root)


def _suite(root: ET.Element, file: str, results: list[CaseResult], wrong: list[Diagnostic]) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": xml_text(file), **_counts(results, bool(wrong))})
    if wrong:
        case = ET.SubElement(suite, "testcase", classname=xml_text(file), name="the file", time="0.000")
        error = ET.SubElement(case, "error", type=wrong[0].rule, message=xml_text(wrong[0].message))
        error.text = xml_text("\n".join(map(headline, wrong)))
    for result in results:
        _case(suite, result)


def _case(suite: ET.Element, result: CaseResult) -> None:
    case = result.case
    attributes = {
        "classname": xml_text(case.file), "name": xml_text(case.name), "file": xml_text(case.file),
        "line": str(case.span.line), "time": f"{result.seconds:.3f}",
    }  # fmt: skip
    element = ET.SubElement(suite, "testcase", attributes)
    if result.status is Status.SKIPPED:
        ET.SubElement(element, "skipped", message=xml_text(case.skip))
    if result.failures:
        blocks = [list(failure_lines(case, one)) for one in result.failures]
        kind, first = result.failures[0].kind.value, blocks[0][0]
        failure = ET.SubElement(element, "failure", type=kind, message=xml_text(first))
        failure.text = xml_text("\n".join(line for block in blocks for line in block))


def _counts(results: list[CaseResult], errors: int) -> dict[str, str]:
    statuses = [result.status for result in results]
    return {
        "tests": str(len(results) + errors),
        "failures": str(statuses.count(Status.FAILED)),
        "errors": str(int(errors)),
        "skipped": str(statuses.count(Status.SKIPPED)),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
