"""Whatever stands in a test file, reading it ends with cases or findings, and never with an exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config.cases.read import CaseFile, read_cases
from reconciler.config.cases.schema import CasesSchema
from reconciler.config.yaml.writer import write_yaml
from reconciler.core.findings.nearest import Names

SCHEMA = CasesSchema()
WHERE = CaseFile("a.test.yaml", "/nonexistent", "/nonexistent")
GOOD = b"""now: 2026-01-01T00:00:00Z
cases:
  - name: a
    event: {type: x, scope: {team: web}, data: {a: [1, 2]}}
    expect: {console/a: {message: {title: t}, contains: {sent: {body: {a: 1}}}}}
  - name: b
    events: [{type: x}, {type: y}]
    expect: {console/a: [{sent: {stdout: x}}], console/b: 1}
---
cases: [{name: c, file: e.json, expect: nobody, exhaustive: false, skip: why}]
"""
KEYS = ["cases", "name", "event", "events", "file", "expect", "now", "type", "data", "scope", "time", "console/a",
        "console/b", "message", "sent", "contains", "title", "fields", "body", "exhaustive", "skip", "x"]  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(
        ["nobody", "snapshot", "x", "", "2026-01-01T00:00:00Z", "../x", "console/a", True, None, 1, -1, 1.5]
    ),
    st.text(max_size=3).filter(lambda text: text.isprintable()),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=20,
)
CASES = st.fixed_dictionaries(
    {"name": SCALARS, "expect": TREES}, optional={"event": TREES, "events": TREES, "file": SCALARS, "now": SCALARS}
)


def check(data):
    result = read_cases(data, WHERE, Names(["console/a"]), SCHEMA)
    assert result.cases or result.diagnostics
    assert all(found.span.file == "a.test.yaml" and found.span.line >= 1 for found in result.diagnostics)


@settings(max_examples=60)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.binary(max_size=4))
def test_damaged_file_gives_cases_or_findings(at, length, put):
    check(GOOD[:at] + put + GOOD[at + length :])


@settings(max_examples=60)
@given(st.lists(CASES, min_size=1, max_size=3))
def test_any_tree_gives_cases_or_findings(cases):
    check(write_yaml({"cases": cases}).encode())
