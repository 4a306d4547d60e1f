"""Where characters of a string stand in its file, in every style that YAML has for strings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.yaml.reader import read_documents


def place(text, part):
    """Return line, column and end column of `part` in the value of the key `a`."""
    (document,) = read_documents(text.encode(), "f").documents
    start = document.value["a"].index(part)
    span = document.inside(("a",), "f", start, start + len(part))
    return span.line, span.column, span.end_column


@pytest.mark.parametrize(("text", "expected"), [
    ("a: some here\n", (1, 9, 13)),
    ("a: 'it''s here'\n", (1, 11, 15)),
    ('a: "\\"q\\" \\u00e9\\t here"\n', (1, 20, 24)),
    ('a: "x here \\" y"\n', (1, 7, 11)),
    ("a: |\n  one\n  two here\n", (3, 7, 11)),
    ("a: |2-\n    one\n   here\n", (3, 4, 8)),
    ("a: >-  # why\n  one\n  two\n\n    more here\n  x\n", (5, 10, 14)),
    ("# é\na: é\n  two\n\n  here\n", (5, 3, 7)),
    ('a: "one \\\n    two\n\n  here"\n', (4, 3, 7)),
    ("a: 'one\n  here'\n", (2, 3, 7)),
    ("a: 😀 here\n", (1, 6, 10)),
    ("b: 1\r\na: |\r\n  x\r\n  here\r\n", (4, 3, 7)),
    ("\ufeffa: here\n", (1, 4, 8)),
    ('{"b": "c", "a": "x\\nhere"}\n', (1, 21, 25)),
], ids=str)  # fmt: skip
def test_part_of_a_string_has_its_place(text, expected):
    assert place(text, "here") == expected


def test_escape_is_covered_whole():
    assert place('a: "x\\u00e9y"\n', "é") == (1, 6, 12)


def test_part_over_several_lines_ends_with_its_first():
    assert place("a: |\n  one\n  two\n", "ne\ntwo") == (2, 4, 6)


def test_end_of_a_string_has_a_place():
    (document,) = read_documents(b"a: 'xy'\n", "f").documents
    span = document.inside(("a",), "f", 2, 3)
    assert (span.line, span.column) == (1, 7)


def test_second_document_counts_from_the_top():
    document = read_documents(b"a: x\n---\na: |\n  z here\n", "f").documents[1]
    assert document.inside(("a",), "f", 2, 6).line == 4


@given(
    st.text(st.sampled_from("ab 'é\n\t\"\\:#{}"), min_size=1, max_size=20), st.sampled_from(["'", '"', "|2+", ">2+"])
)
def test_place_in_any_string_is_that_character(text, style):
    if style == '"':
        import json

        file = f"a: {json.dumps(text, ensure_ascii=False)}\n"
    elif style == "'":
        file = "a: '" + text.replace("'", "''").replace("\n", "\n\n  ") + "'\n"
    else:
        file = f"a: {style}\n" + "".join(f"  {line}\n" for line in text.split("\n"))
    result = read_documents(file.encode(), "f")
    for document in result.documents:
        value, lines = document.value["a"], file.split("\n")
        for index, character in enumerate(value):
            span = document.inside(("a",), "f", index, index + 1)
            shown = lines[span.line - 1][span.column - 1 : span.end_column - 1]
            if not character.isspace():
                assert shown in {character, f"\\{character}"}
