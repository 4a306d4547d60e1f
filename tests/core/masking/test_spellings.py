"""A value is found however a library has written it, and what only looks like it is left alone."""

import html
import json
import re
import time
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.config.revealed import Revealed
from reconciler.core.masking.spellings import Trace, pieces

SPELLINGS = {
    "as it is": str,
    "in a URL": lambda v: quote(v, safe=""),
    "in a path": quote,
    "in a query": quote_plus,
    "in lower case": lambda v: re.sub("%..", lambda found: found[0].lower(), quote(v, safe="")),
    "JSON": json.dumps,
    "JSON with letters": lambda v: json.dumps(v, ensure_ascii=False),
    "JSON in JSON": lambda v: json.dumps(json.dumps(v)),
    "repr": repr,
    "repr of bytes": lambda v: repr(v.encode()),
    "HTML": html.escape,
    "base64": lambda v: b64encode(v.encode()).decode(),
    "base64 after one byte": lambda v: b64encode(f":{v}".encode()).decode(),
    "base64 after two bytes": lambda v: b64encode(f"a:{v}".encode()).decode(),
    "base64 before others": lambda v: b64encode(f"bot:{v}@x".encode()).decode(),
    "base64 for URLs": lambda v: urlsafe_b64encode(f"{v}?".encode()).decode(),
}
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=6, max_size=40) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40
)


def knowing(*values):
    revealed = Revealed()
    kept = [revealed.note(value) for value in values]
    return revealed, kept


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(value=VALUES)
@example("xoxb-17-Sesame/Open+==")
@example("p@ss w/o+rd&<1>\"'")
@example("a-b-c-d-e-f")
@example("pässwörd-é")
@example("\\\\\\\\\\\\")
@example("'\"'\"'\"")
@settings(max_examples=10, deadline=None)
def test_value_is_found_in_every_spelling(spelling, value):
    revealed, _kept = knowing(value)
    text = SPELLINGS[spelling](value)
    masked = revealed.masked(f"GET /?t={text} failed")
    assert masked.startswith("GET /?t=")
    assert masked.endswith(" failed")
    assert "***" in masked
    assert len(masked) - len("GET /?t= failed") <= 18, masked


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("one\ntwo-lines\nof-it\nthe-last", "> two-lines\n> the-last\n> one", "> ***\n> ***\n> one"),
        ("-----BEGIN KEY-----\nMIIEow/IBAA\n-----END KEY-----\n", "-----BEGIN KEY----- MIIEow/IBAA", "-----BEGIN KEY----- ***"),
        ('{"key": "-----BEGIN KEY-----\\nMIIEowIBAA\\nabcdefgh"}', "the line MIIEowIBAA", "the line ***"),
        ("https://hooks.example.com/services/T0/B0/XXXX", "with url: /services/T0/B0/XXXX (", "with url: *** ("),
        ("https://bot:s3same@example.com/", "the password s3same", "the password ***"),
        ("postgres://bot:s%23same@db/x", "the password s#same", "the password ***"),
        ('"sesame-open"', "with sesame-open", "with ***"),
        ("https://example.com/hooks", "GET /hooks and /hooks/slack", "GET /hooks and /hooks/slack"),
    ],
)  # fmt: skip
def test_part_that_tells_as_much_is_found(value, text, shown):
    revealed, _kept = knowing(value)
    assert revealed.masked(text) == shown


def test_short_value_is_not_looked_for():
    revealed, kept = knowing("abcde", "a", "")
    assert kept == [None, None, None]
    assert revealed.masked("abcde a") == "abcde a"


@pytest.mark.parametrize("text", ["sesame", "SESAME-OPEN", "sesame-ope", "esame-open", "sesame open"])
def test_other_text_is_returned_as_it_is(text):
    revealed, _kept = knowing("sesame-open")
    assert revealed.masked(text) is text


def test_overlapping_values_leave_nothing_between_them():
    revealed, _kept = knowing("abcdef", "abcdefghijkl", "ghijklmnop")
    assert revealed.masked("<abcdefghijklmnop>") == "<***>"


def test_long_line_is_found_in_parts():
    revealed, _kept = knowing("".join(f"{n:04d}" for n in range(1000)))
    assert revealed.masked("x" + "".join(f"{n:04d}" for n in range(500)) + "y")[:4] == "x***"
    assert max(map(len, pieces("a" * 1000))) == 256


@given(VALUES)
@settings(max_examples=30, deadline=None)
def test_anchor_is_part_of_what_it_stands_for(value):
    for piece in pieces(value):
        assert any(all(anchor in piece for anchor in choice) for choice in Trace(piece).anchors)


def test_what_many_values_have_in_common_is_no_anchor_of_theirs():
    values = [f"amqp://bot:{n * 7919:08d}x@rabbit.production/events" for n in range(500)]
    revealed, _kept = knowing(*values)
    assert max(map(len, revealed._anchors.values())) < 50
    assert revealed.masked(f"{values[250]} on production/events") == "*** on production/events"


@pytest.mark.parametrize("unit", ["\\", '"', '\\"', "&", "'a", "%25", "é\\", "+ "])
def test_text_made_to_take_long_does_not(unit):
    value = unit * 40 + "abcdef"
    revealed, _kept = knowing(value)
    texts = [spelling(value[:-1]) * 20 for spelling in SPELLINGS.values()]
    for text in (*texts, "\\" * 60_000, html.escape(quote(value[:-1]) * 20)):
        began = time.process_time()
        revealed.masked(f"{text} abcdef")
        assert time.process_time() - began < 1


def test_thousands_of_values_take_no_longer_than_one():
    text = "slack/builds: delivering build.finished failed: ConnectError: all attempts failed (attempt 3)\n" * 40

    def seconds(number):
        revealed, _kept = knowing(*(f"xoxb-{n * 7919:020d}-tail" for n in range(number)))
        times = []
        for _ in range(5):
            began = time.process_time()
            assert revealed.masked(text) is text
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(4000) < 20 * seconds(1)
