"""Several documents in one file, bytes that are no text, and places."""

import pytest

from reconciler.config.yaml.reader import read_documents
from reconciler.model.diagnostic import Span
from reconciler.model.json import digest

ONE = b"integration: slack\nname: one\n"


def values(data: bytes) -> list:
    return [d.value for d in read_documents(data, "f").documents]


def finding(data: bytes):
    (only,) = read_documents(data, "f").diagnostics
    return only.rule, only.span.line, only.span.column


def only(data: bytes):
    result = read_documents(data, "f")
    assert result.diagnostics == ()
    return result.documents[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: x\0y", ("encoding", 1, 5)),
        (b"a: 1\nb: \xc3\xa9\xff", ("encoding", 2, 5)),
        ("a: 1\n".encode("utf-16"), ("encoding", 1, 1)),
        ("a: 1\n".encode("utf-16-le"), ("encoding", 1, 1)),
        ("a: 1\n".encode("utf-32-be"), ("encoding", 1, 1)),
        ("\u4e2d\u6587".encode("utf-16-be").join([b"\xfe\xff", b""]), ("encoding", 1, 1)),
        ("é: '\x07'".encode(), ("encoding", 1, 5)),
        (b"a: \x7f", ("encoding", 1, 4)),
        ("a: 1\nb: 'é\u2028'".encode(), ("encoding", 2, 6)),
        ("a: \x85".encode(), ("encoding", 1, 4)),
        (b"\xef\xbb\xbfa: \x01", ("encoding", 1, 4)),
        (b"\xed\xa0\xbd", ("encoding", 1, 1)),
        (b"", ("empty-document", 1, 1)),
        (b"\xef\xbb\xbf", ("empty-document", 1, 1)),
        (b"x" * (1 << 20) + b"y", ("file-too-large", 1, 1)),
    ],
)
def test_bytes_that_are_no_yaml_text_are_refused_at_their_place(data, expected):
    assert finding(data) == expected


def test_broken_document_leaves_the_others():
    result = read_documents(ONE + b"---\na: 1\na: 2\n---\nb: [\n---\nc: 3\n", "f")
    assert [d.value for d in result.documents] == [{"integration": "slack", "name": "one"}, {"c": 3}]
    assert [(d.rule, d.span.line) for d in result.diagnostics] == [("duplicate-key", 5), ("yaml-syntax", 8)]
    assert [d.line for d in result.documents] == [1, 9]


def test_document_that_goes_on_behind_its_end_is_not_taken():
    assert values(b"{a: 1}}\n") == []


def test_document_before_one_that_goes_on_behind_its_end_is_taken():
    assert values(b"a: 1\n---\n{b: 1, b: 2}\nc: 3\n") == [{"a": 1}]


@pytest.mark.parametrize("end", [b"---\n", b"...\n", b"---\n# nothing\n...\n", b"--- # nothing", b"\n\n# end"])
def test_empty_document_at_the_end_is_harmless(end):
    assert values(ONE + end) == values(ONE)


def test_line_of_a_document_is_that_of_its_content():
    result = read_documents(b"# comment\n\na: 1\n---\n\n# more\nb: 2\n", "f")
    assert [d.line for d in result.documents] == [3, 7]


def test_span_covers_the_value():
    document = only("é: 1\nscope:\n  team: [a, 'bc']\nend: x\n".encode())
    assert document.span(("scope", "team", 1), "f") == Span("f", 3, 13, 3, 17)


def test_span_of_a_key_covers_the_key():
    assert only(b"scope:\n  team: a\n").span(("scope", "team"), "f", key=True) == Span("f", 2, 3, 2, 7)


def test_span_of_a_block_ends_with_its_last_value():
    document = only(b"scope:\n  team:\n    - a\n    - bc\n\n# comment\nend: x\n")
    assert document.span(("scope",), "f") == Span("f", 2, 3, 4, 9)


def test_span_of_an_empty_value_is_one_character():
    assert only(b"a:\nb: 1\n").span(("a",), "f") == Span("f", 1, 3, 1, 4)


@pytest.mark.parametrize("path", [("scope", "x"), ("scope", "x", "y"), ("scope", 0), ("scope", "team", "z", 1)])
def test_span_of_what_is_missing_is_its_nearest_ancestor(path):
    document = only(b"scope:\n  team: a\n")
    ancestor = ("scope", "team") if "team" in path else ("scope",)
    assert document.span(path, "f") == document.span(ancestor, "f")


def test_span_behind_a_byte_order_mark_counts_from_one():
    assert only(b"\xef\xbb\xbfa: 1\n").span(("a",), "f") == Span("f", 1, 4, 1, 5)


def test_span_with_windows_line_breaks():
    assert only(b"a: 1\r\nb:\r\n  c: 2\r\n").span(("b", "c"), "f") == Span("f", 3, 6, 3, 7)


@pytest.mark.parametrize(
    ("path", "text"), [(("a",), "010"), (("b",), None), (("c",), None), (("d",), None), (("e",), ""), (("x",), None)]
)
def test_source_text_is_what_a_plain_scalar_was_written_as(path, text):
    assert only(b'a: 010\nb: "yes"\nc: [1]\nd: !!str 1\ne:\n').source_text(path) == text


def test_released_document_points_at_its_line():
    document = only(b"\n\na: {b: 1}\n")
    document.release()
    assert (document.span(("a",), "f").line, document.source_text(("a",))) == (3, None)


def test_finding_names_the_path():
    (found,) = read_documents(b"a:\n  - b: .nan\n", "f").diagnostics
    assert found.path == ("a", 0, "b")


def test_digests_tell_types_apart():
    assert len({digest(only(b"a: " + text).value) for text in (b"1", b"1.0", b"true", b"'1'", b"'true'")}) == 5


def test_value_is_never_repeated_in_a_message():
    secret = b"s3cr3t-hunter2"
    lines = [
        b"k: @%s",
        b"k: *%s",
        b"k: 'x' %s",
        b"k: a: %s",
        b'k: "%s',
        b"k: [%s",
        b"k: ! %s\nk: x",
        b"k: >%s",
        b"k: !!int %s",
    ]
    for line in lines:
        result = read_documents(line % secret + b"\n", "f")
        assert result.diagnostics
        assert secret.decode() not in str(result.diagnostics)
