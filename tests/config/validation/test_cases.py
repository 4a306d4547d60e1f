"""Each document in `good` is fine; each in `bad` has the findings that the file beside it lists, and no others.

A line of `*.expected` is `line:column rule message part`, or `line:column rule | help part`.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yaml"))
GOOD = sorted((HERE / "good").glob("*.yaml"))


def expected(path):
    found = []
    for line in path.with_suffix(".expected").read_text().splitlines():
        place, rule, words = line.split(" ", 2)
        message, _, help_text = words.partition("|")
        found.append((place, rule, message.strip(), help_text.strip()))
    return found


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_bad_document_has_its_findings(judge, path):
    found = judge.check(path.read_text()).diagnostics
    wanted = expected(path)
    assert [(f"{d.span.line}:{d.span.column}", d.rule) for d in found] == [(place, rule) for place, rule, *_ in wanted]
    for diagnostic, (_, _, message, help_text) in zip(found, wanted, strict=True):
        assert message in diagnostic.message
        assert help_text in diagnostic.help


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_no_finding_shows_a_secret(judge, path):
    for diagnostic in judge.check(path.read_text()).diagnostics:
        assert "hunter2" not in f"{diagnostic.message} {diagnostic.help} {diagnostic.path}"


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_no_finding_says_that_nothing_fits(judge, path):
    for diagnostic in judge.check(path.read_text()).diagnostics:
        assert "given schemas" not in diagnostic.message
        assert "does not fit" not in diagnostic.message or diagnostic.rule != "invalid-value"


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_every_finding_has_help(judge, path):
    assert [d for d in judge.check(path.read_text()).diagnostics if not d.help] == []


@pytest.mark.parametrize("path", GOOD, ids=[path.stem for path in GOOD])
def test_good_document_is_fine(judge, path):
    checked = judge.check(path.read_text())
    assert [d for d in checked.diagnostics if d.is_error] == []
    assert checked.document is not None and checked.persistable


def test_every_bad_document_has_expectations():
    assert {path.stem for path in BAD} == {path.stem for path in (HERE / "bad").glob("*.expected")}
