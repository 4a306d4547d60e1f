"""Laws: what the writer writes reads back equal, the two builders agree, and no bytes make the reader raise."""

import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config.yaml.build import CarefulBuilder, build_quickly
from reconciler.config.yaml.parser import GuardedParser, is_shallow, open_parser
from reconciler.config.yaml.reader import RawDocument, read_documents
from reconciler.config.yaml.writer import write_yaml
from reconciler.model.json import digest

HERE = Path(__file__).parent
SEEDS = [file.read_bytes() for folder in ("good", "bad") for file in sorted((HERE / folder).glob("*.yaml"))]
TRICKY = [
    "", " ", "~", "null", "on", "010", "1e3", ".5", "-", "- a", "a: b", "a #b", "#", "!x", "&x", "*x", "<<", "|", ">", "%", "@",
    "{", "]", "'", '"', "\\", "\n", "a\nb", "a\n", "\na", " a\nb", "a\n\n", "a \nb", "a\n \nb", "\t", "a\tb", "\r\n", "---", "...",
    "\x85", "\u2028", "\ufeff", "\x7f", "\x00", "\U0001f600", "x" * 1100, "é", "? ", "a:", ":a", "=", "y", "2024-01-01",
]  # fmt: skip
TEXTS = st.sampled_from(TRICKY) | st.text() | st.text("ab :#-\n'\"\\&*!|>%@,[]{}", max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**99), 10**99)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=40
)


def read(text: str):
    result = read_documents(text.encode(), "f")
    assert result.diagnostics == (), text
    (document,) = result.documents
    return document.value


@given(VALUES)
@settings(max_examples=400)
def test_what_is_written_reads_back_equal(value):
    assert repr(read(write_yaml(value))) == repr(value)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
@settings(max_examples=150)
def test_json_is_yaml(value):
    text = json.dumps(value, ensure_ascii=False)
    for foreign in ("\x85", "\u2028", "\u2029", "\x7f", "\ufeff", *map(chr, range(0x80, 0xA0))):
        text = text.replace(foreign, f"\\u{ord(foreign):04x}")
    if any(len(key) > 1000 for key in _keys(value)) or any(0xFFFE <= ord(c) & 0xFFFF for c in text):
        return  # libyaml has bounds that JSON has not
    assert repr(read(text)) == repr(value)


def _keys(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


@given(st.sampled_from([float("inf"), float("-inf"), float("nan"), 10**100, "\ud83d", b"x", {1: 2}, {"a": object()}]))
def test_what_is_no_json_is_not_written(value):
    with pytest.raises((ValueError, TypeError)):
        write_yaml([value])


def mutated(draw: random.Random) -> bytes:
    """Return a file with some bytes removed, doubled, replaced or inserted, now and then with another file behind."""
    data = bytearray(draw.choice(SEEDS))
    for _ in range(draw.randrange(1, 6)):
        at, to = sorted(draw.randrange(len(data) + 1) for _ in range(2))
        pick = draw.randrange(5)
        if pick == 0:
            del data[at:to]
        elif pick == 1:
            data[at:at] = draw.choice(
                [
                    b"\t",
                    b"\n",
                    b"- ",
                    b": ",
                    b"[",
                    b"}",
                    b"'",
                    b'"',
                    b"&a ",
                    b"*a",
                    b"!",
                    b"\xff",
                    b"\0",
                    b"---\n",
                    b"|",
                    b"\r",
                    b"? ",
                    b"\\u",
                ]
            )
        elif pick == 2:
            data[at:at] = bytes([draw.randrange(256)])
        elif pick == 3:
            data[at:at] = data[at:to]
        else:
            data += draw.choice([b"---\n", b""]) + draw.choice(SEEDS)
    return bytes(data)


@given(st.randoms(use_true_random=False))
@settings(max_examples=1500)
def test_mutated_file_never_raises(draw):
    data = mutated(draw)
    result = read_documents(data, "f")
    assert result.documents or result.diagnostics
    for found in result.diagnostics:
        span = found.span
        lines = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= span.line <= len(lines)
        assert 1 <= span.column <= len(lines[span.line - 1]) + 1
        assert (span.line, span.column) <= (span.end_line, span.end_column)
    for document in result.documents:
        digest(document.value)
        _all_places(document)


def _all_places(document: RawDocument) -> None:
    paths = [((), document.value)]
    while paths:
        path, value = paths.pop()
        assert document.span(path, "f").line >= document.line
        document.source_text(path)
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        paths += [((*path, key), item) for key, item in items]


@given(st.randoms(use_true_random=False))
@settings(max_examples=500)
def test_quick_and_careful_builder_agree(draw):
    data = mutated(draw).replace(b"&", b"").replace(b"!", b"")  # what `needs_care` keeps from the quick one
    try:
        node = open_parser(data).get_node()
        quick = build_quickly(node)
    except Exception:
        return  # the quick one may decline anything
    careful = CarefulBuilder("f", data.decode())
    assert repr(careful.build(node)) == repr(quick)
    assert careful.findings == []


@given(st.randoms(use_true_random=False))
@settings(max_examples=500)
def test_what_looks_shallow_is_shallow(draw):
    data = b"".join(
        draw.choice([b"- ", b"-", b" ", b"\n", b"\n  ", b"a: ", b"[", b"{", b"?\n", b"a:\n"])
        for _ in range(draw.randrange(400))
    )
    if not is_shallow(data):
        return
    parser = _Measuring(data)
    try:
        while parser.check_node():
            parser.get_node()
    except Exception:
        pass
    assert parser.deepest < 320


class _Measuring(GuardedParser):
    deepest = now = 0

    def descend_resolver(self, parent, index):
        self.now += 1
        self.deepest = max(self.deepest, self.now)

    def ascend_resolver(self):
        self.now -= 1


@given(st.from_regex(r"[-+.0-9xoeEinfaN_:~]{1,9}", fullmatch=True))
@settings(max_examples=500)
def test_number_is_what_the_core_schema_calls_one(text):
    (result,) = read_documents(b"- " + text.encode(), "f").documents or (None,)
    if result is None or not isinstance(result.value, list) or not isinstance(result.value[0], float):
        return
    assert math.isclose(result.value[0], float(text))
