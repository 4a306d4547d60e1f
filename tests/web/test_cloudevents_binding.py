from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.event import Event
from reconciler.web.answers import ApiError
from reconciler.web.cloudevents import decode_events

REQUIRED = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "ci"), ("ce-type", "t")]


def binary(*headers, content_type="application/json", body=b"{}"):
    (event,) = decode_events(content_type, [*REQUIRED, *headers], body, 10)
    return event


def refused(*headers, **options):
    with pytest.raises(ApiError) as caught:
        binary(*headers, **options)
    return caught.value.status, str(caught.value)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("plain", "plain"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%e2%82%ac", "€"),
        ('"two words"', "two words"),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ('"%41"', "A"),
        ("%2541", "%41"),
        ("100%", "100%"),
    ],
)
def test_header_values_are_decoded_as_the_binding_says(value, meant):
    assert binary(("ce-subject", value)).subject == meant


@pytest.mark.parametrize("value", ["%C0%A0", "%FF", "%80abc", "é"])
def test_invalid_utf8_in_a_header_is_refused(value):
    assert refused(("ce-subject", value))[0] == 400


def test_control_character_in_a_header_is_refused():
    assert refused(("ce-subject", "a%0Ab")) == (400, "the attribute 'subject' must not hold control characters")


@pytest.mark.parametrize("name", ["ce-data", "ce-datacontenttype", "ce-data_base64"])
def test_headers_that_must_not_be_are_refused(name):
    assert refused((name, "x"))[0] == 400


def test_header_that_comes_twice_is_refused():
    assert "'ce-id' comes twice" in refused(("ce-id", "2"))[1]


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/vnd.acme+json; charset=UTF-8", b"[1]", [1]),
        ("text/plain", "grüß".encode(), "grüß"),
        ("text/csv; charset=utf-8", b"a,b", "a,b"),
        ("application/json", b"", None),
        (None, b"", None),
    ],
)
def test_data_of_binary_mode(content_type, body, data):
    event = binary(content_type=content_type, body=body)
    assert event.data == data
    assert event.datacontenttype == content_type


@pytest.mark.parametrize("content_type", ["application/xml", "application/octet-stream", None, "image/png"])
def test_data_that_is_neither_json_nor_text_is_415(content_type):
    assert refused(content_type=content_type, body=b"\x00")[0] == 415


def test_text_that_is_not_utf8_is_400():
    assert refused(content_type="text/plain", body=b"\xff")[0] == 400


def test_structured_mode_wins_over_headers():
    body = b'{"specversion": "1.0", "id": "2", "source": "s", "type": "u"}'
    (event,) = decode_events("Application/CloudEvents+JSON; charset=utf-8", REQUIRED, body, 10)
    assert event.id == "2"


def test_missing_version_in_binary_mode_is_named():
    with pytest.raises(ApiError, match="specversion"):
        decode_events("application/json", REQUIRED[1:], b"{}", 10)


def attributes():
    return st.text(st.characters(min_codepoint=1, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(subject=attributes(), event_id=attributes(), tenant=attributes())
def test_whatever_a_sender_encodes_is_read_back(subject, event_id, tenant):
    headers = [("ce-specversion", "1.0"), ("ce-source", "ci"), ("ce-type", "t")]
    headers += [("ce-id", quote(event_id)), ("ce-subject", quote(subject)), ("ce-tenant", quote(tenant))]
    (event,) = decode_events(None, headers, b"", 10)
    assert (event.subject, event.id, event.scope["tenant"]) == (subject, event_id, tenant)


@given(
    data=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
        max_leaves=10,
    )
)
def test_structured_event_reads_back_what_an_event_writes(data):
    import json

    event = Event("t", "s", id="1", data=data)
    assert decode_events("application/cloudevents+json", [], json.dumps(event.as_json()).encode(), 1) == [event]


@given(
    content_type=st.none()
    | st.text(max_size=40)
    | st.sampled_from(["application/json", "text/plain", "application/cloudevents+json"]),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["ce-id", "ce-type", "ce-source", "ce-specversion", "ce-x", "ce-", "ce-time"]),
            st.text(max_size=20),
        ),
        max_size=6,
    ),
    body=st.binary(max_size=60),
)
def test_garbage_is_an_event_or_a_refusal(content_type, headers, body):
    with suppress(ApiError):
        decode_events(content_type, headers, body, 10)
