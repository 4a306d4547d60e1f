"""Findings for people: golden text, and no escape ever passes from a file to the terminal."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.report.ansi import Palette, printable
from reconciler.report.findings.concise import render_concise
from reconciler.report.findings.json_report import json_value, render_json
from reconciler.report.findings.snippet import WIDTH, snippet, split_lines, width
from reconciler.report.findings.summary import Summary, summarize, summary_line
from reconciler.report.findings.text import TextReport
from reconciler.report.places import relocate

_spec = importlib.util.spec_from_file_location("report_samples", Path(__file__).with_name("samples.py"))
samples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(samples)


def test_findings_as_text(golden):
    golden("findings.txt", "".join(TextReport(source=samples.SOURCES.get).render(samples.ALL)))


def test_findings_in_colour(golden):
    golden("findings.ansi", "".join(TextReport(Palette(True), samples.SOURCES.get).render(samples.ALL[:2])))


def test_findings_concise(golden):
    golden("concise.txt", "".join(render_concise(samples.ALL)))


def test_findings_as_json(golden):
    golden("findings.json", render_json(json_value(samples.ALL, summarize(samples.ALL, 4, 3))))


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (Summary(1, 1, 0, 0), "✓ 1 configuration in 1 file: no findings\n"),
        (Summary(1200, 3, 2, 1), "✗ 3 configurations in 1,200 files: 2 errors, 1 warning\n"),
        (Summary(1, 1, 0, 0, secrets=1), "✓ 1 configuration in 1 file, 1 secret reference tried: no findings\n"),
        (Summary(3, 1, 0, 0, tests=2), "✓ 1 configuration in 1 file, 2 test files: no findings\n"),
        (Summary(1, 0, 0, 0, tests=1), "✓ 1 test file: no findings\n"),
        (Summary(0, 0, 0, 1), "! 0 configurations in 0 files: 1 warning\n"),
    ],
)
def test_summary_is_one_line(summary, line):
    assert summary_line(summary) == line


@given(st.text())
def test_printable_text_obeys_nobody(text):
    assert printable(text).isprintable()


@given(st.text(), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_any_span_renders(text, line, column, end_line, end_column):
    span = Span("f", line, column, end_line, end_column)
    found = Diagnostic("r", Severity.ERROR, text, span, text)
    rendered = "".join(TextReport(source=lambda _: text.encode("utf-8", "replace")).render([found]))
    assert all(part.isprintable() for part in rendered.split("\n"))


@given(st.text(min_size=1), st.integers(1, 300))
def test_caret_stands_within_the_shown_line(text, column):
    shown = snippet(split_lines(text.encode("utf-8", "replace")), Span("f", 1, column, 1, column + 1))
    assert shown is None or (shown.length >= 1 and shown.offset <= width(shown.text))


def test_huge_line_is_cropped_around_the_caret():
    shown = snippet(["x" * 1_000_000 + "!" + "y" * 9], Span("f", 1, 1_000_001, 1, 1_000_002))
    assert len(shown.text) <= WIDTH + 2
    assert shown.text[shown.offset] == "!"


def test_byte_order_mark_is_not_a_column():
    assert split_lines(b"\xef\xbb\xbfa: 1\r\nb: 2") == ["a: 1", "b: 2"]


def test_relocation_moves_related_places_too():
    (moved,) = relocate([samples.DUPLICATE], "configs/")
    assert (moved.span.file, moved.related[0].span.file) == ("configs/a.yaml", "configs/b.yaml")


def test_literal_inside_of_a_reference_is_masked_in_every_snippet():
    source = b'settings: {token: {secret: "xoxb-1"}, chanel: 1}\n'
    secret = Diagnostic("secret-reference", Severity.ERROR, "not a reference", Span("f", 1, 28, 1, 36))
    other = Diagnostic("unknown-key", Severity.ERROR, "unknown", Span("f", 1, 39, 1, 45))
    assert "xoxb" not in "".join(TextReport(source=lambda _: source).render([secret, other]))


def test_plaintext_secret_is_masked_in_every_snippet():
    source = b"settings: {token: xoxb-1, chanel: 1}\n"
    secret = Diagnostic("plaintext-secret", Severity.ERROR, "a secret", Span("f", 1, 19, 1, 25))
    other = Diagnostic("unknown-key", Severity.ERROR, "unknown", Span("f", 1, 27, 1, 33))
    text = "".join(TextReport(source=lambda _: source).render([secret, other]))
    assert "xoxb" not in text
    assert "token: ******, chanel" in text
