"""Good and bad files are tests by being there: beside each good one stands its JSON, beside each bad one its findings."""

import json
from pathlib import Path

import pytest

from reconciler.config.yaml.reader import read_documents

HERE = Path(__file__).parent
GOOD = sorted((HERE / "good").glob("*.yaml"))
BAD = sorted((HERE / "bad").glob("*.yaml"))


def listed(data: bytes) -> str:
    lines = []
    for finding in read_documents(data, "f").diagnostics:
        place = finding.span
        lines.append(
            f"{place.line}:{place.column}-{place.end_line}:{place.end_column} {finding.rule}: {finding.message}"
        )
        lines.append(f"    help: {finding.help}")
        lines += [f"    {r.span.line}:{r.span.column} {r.message}" for r in finding.related]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_good_file_reads_as_its_json(file):
    result = read_documents(file.read_bytes(), file.name)
    expected = json.loads(file.with_suffix(".json").read_text("utf-8"))
    # repr tells 1, 1.0 and true apart, which == does not
    assert (repr([d.value for d in result.documents]), result.diagnostics) == (repr(expected), ())


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_bad_file_gives_its_findings(file):
    assert listed(file.read_bytes()) == file.with_suffix(".expected").read_text("utf-8")


def test_every_finding_has_help():
    findings = [f for file in BAD for f in read_documents(file.read_bytes(), file.name).diagnostics]
    assert [f.message for f in findings if not f.help] == []
