"""JUnit XML, which nearly every system shows: one test case for each file with findings, failed where it has errors."""

from itertools import groupby
from xml.etree import ElementTree as ET  # written, never parsed

from reconciler.model.diagnostic import Diagnostic
from reconciler.report.ansi import printable
from reconciler.report.count import count
from reconciler.report.findings.headline import headline
from reconciler.report.findings.run import Run
from reconciler.report.xml import xml_document, xml_text


def render(run: Run) -> str:
    """Return the document."""
    by_file = [(file, list(found)) for file, found in groupby(run.diagnostics, key=lambda found: found.span.file)]
    failures = sum(any(found.is_error for found in findings) for _, findings in by_file)
    clean = run.summary.files - len(by_file)
    counts = {"tests": str(len(by_file) + (clean > 0)), "failures": str(failures), "errors": "0"}
    root = ET.Element("testsuites", {"name": "reconcile", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "reconcile validate", **counts, "skipped": "0"})
    for file, findings in by_file:
        _case(suite, file, findings)
    if clean > 0:
        ET.SubElement(
            suite, "testcase", classname="reconcile.validate", name=f"{count(clean, 'file')} without findings"
        )
    return xml_document(root)


def _case(suite: ET.Element, file: str, findings: list[Diagnostic]) -> None:
    case = ET.SubElement(suite, "testcase", classname="reconcile.validate", name=xml_text(file), file=xml_text(file))
    errors = [found for found in findings if found.is_error]
    warnings = [found for found in findings if not found.is_error]
    if errors:
        message = errors[0].message if len(errors) == 1 else f"{errors[0].message}, and {len(errors) - 1} more"
        failure = ET.SubElement(case, "failure", type=errors[0].rule, message=xml_text(message))
        failure.text = xml_text("\n".join(map(_line, errors)))
    if warnings:
        ET.SubElement(case, "system-out").text = xml_text("\n".join(map(_line, warnings)))


def _line(found: Diagnostic) -> str:
    return f"{headline(found)} ({printable(found.help)})" if found.help else headline(found)
