"""Reports for continuous integration: golden text, the formats' own rules, and names that try to break out."""

import importlib.util
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from msgspec.structs import replace

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.report.ansi import Palette
from reconciler.report.ci.github import render_summary
from reconciler.report.findings.run import Run, fingerprints
from reconciler.report.findings.summary import summarize
from reconciler.report.formats import FORMATS, render

_spec = importlib.util.spec_from_file_location("ci_report_samples", Path(__file__).with_name("samples.py"))
samples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(samples)
RUN = Run(samples.ALL, summarize(samples.ALL, 9, 3), samples.SOURCES.get)
EMPTY = Run((), summarize((), 2, 2), samples.SOURCES.get)
SARIF_SCHEMA = Path(__file__).resolve().parents[3] / "shared" / "schemas" / "sarif-2.1.0.json"
GOLDEN = {
    "github": "github.txt",
    "gitlab": "gitlab.json",
    "sarif": "sarif.json",
    "junit": "junit.xml",
    "azure": "azure.txt",
    "rdjson": "rdjson.json",
}


def text(name, run=RUN):
    return "".join(render(name, run, Palette(False)))


@pytest.mark.parametrize("name", GOLDEN)
def test_findings_for_a_system(golden, name):
    golden(GOLDEN[name], text(name))


@pytest.mark.parametrize("name", FORMATS)
def test_no_findings_is_a_report_too(name):
    assert text(name, EMPTY)


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_holds_an_escape_or_what_cannot_be_encoded(name):
    assert "\x1b" not in text(name)
    text(name).encode()


@pytest.mark.skipif(not SARIF_SCHEMA.exists(), reason="the schema of OASIS is not beside this checkout")
@pytest.mark.parametrize("run", [RUN, EMPTY])
def test_sarif_is_valid_by_the_schema_of_oasis(run):
    jsonschema.Draft7Validator(json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))).validate(
        json.loads(text("sarif", run))
    )


def test_sarif_places_have_all_four_numbers_and_a_relative_address():
    for result in json.loads(text("sarif"))["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert set(place["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert ":" not in place["artifactLocation"]["uri"]


def test_fingerprints_are_unique_and_do_not_depend_on_lines():
    twice = [samples.UNKNOWN, samples.UNKNOWN, samples.DUPLICATE]
    moved = [replace(found, span=replace(found.span, line=99, end_line=99)) for found in twice]
    names = [name for _, name in fingerprints(twice)]
    assert len(set(names)) == 3
    assert [name for _, name in fingerprints(moved)] == names


def test_junit_counts_its_cases():
    suite = ET.fromstring(text("junit")).find("testsuite")
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == len(cases)
    assert int(suite.get("failures")) == sum(case.find("failure") is not None for case in cases)


def test_github_says_errors_before_warnings():
    kinds = [line.split(" ")[0] for line in text("github").splitlines() if line.startswith("::")]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"::error", "::warning"}


@pytest.mark.parametrize(("name", "mark"), [("github", "::"), ("azure", "##vso[")])
def test_a_name_cannot_begin_a_command_of_its_own(name, mark):
    span = Span(f"a\n{mark}error title=x::owned],;%0A{mark}error.yaml")
    hostile = Run([Diagnostic("file-name", Severity.ERROR, f"bad\n{mark}error", span)], RUN.summary, RUN.source)
    assert [line for line in text(name, hostile).splitlines() if line.startswith(mark)][1:] == []


def test_summary_page_lists_the_worst_first_and_is_no_markup():
    page = render_summary(RUN)
    assert page.index("❌") < page.index("⚠️")
    odd = replace(samples.UNKNOWN, message="| <img src=x> [a](b) `c` @team")
    row = render_summary(Run([odd], RUN.summary, RUN.source)).splitlines()[-1]
    assert row.count("|") == 5
    assert not {"<", "[", "@"} & set(row)


def test_rdjson_counts_bytes():
    (wide,) = [d for d in json.loads(text("rdjson"))["diagnostics"] if d["location"]["path"] == "tab.yaml"]
    assert wide["location"]["range"]["start"]["column"] == 1 + len("x:\t日本語: \tbad".encode()[: 3 + 9 + 2])
