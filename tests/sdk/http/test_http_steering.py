"""What an answer means for its delivery."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.errors import TerminalError, TransientError
from reconciler.sdk.http import HttpResponse, raise_for_delivery, retry_after

NOW = 1_700_000_000.0


def answer(status: int, body: bytes = b"", **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, named, body, "https://hooks.example.com")


def at(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(status):
    raise_for_delivery(answer(status))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_passing_failure_is_transient(status):
    with pytest.raises(TransientError, match=f"https://hooks.example.com answered {status}"):
        raise_for_delivery(answer(status))


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 422])
def test_lasting_failure_is_terminal(status):
    with pytest.raises(TerminalError, match=f"answered {status}"):
        raise_for_delivery(answer(status))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("0", 0.0, id="at once"),
        pytest.param(" 7 ", 7.0, id="seconds with spaces"),
        pytest.param("0.5", 0.5, id="a fraction, which some servers send"),
        pytest.param("99999999", 3600.0, id="longer than an hour is capped"),
        pytest.param("9" * 400, 3600.0, id="a number without end is capped"),
        pytest.param(at(90), 90.0, id="a date"),
        pytest.param(at(-90), 0.0, id="a date in the past"),
        pytest.param(at(10**7), 3600.0, id="a date far away"),
        pytest.param("-7", None, id="a negative number"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="nothing"),
        pytest.param("٧", None, id="a digit of another script"),
    ],
)
def test_retry_after_is_read(value, seconds):
    with pytest.raises(TransientError) as caught:
        raise_for_delivery(answer(429, retry_after=value), now=NOW)

    assert caught.value.retry_after == seconds


@given(st.text(max_size=60))
def test_retry_after_is_never_out_of_bounds(value):
    seconds = retry_after({"retry-after": value}, now=NOW)

    assert seconds is None or 0 <= seconds <= 3600


def test_plain_answer_is_quoted_in_one_short_line():
    with pytest.raises(TerminalError) as caught:
        raise_for_delivery(answer(400, b"field\n 'a'\x1b is " + b"wrong " * 100, content_type="text/plain"))

    assert str(caught.value).startswith("https://hooks.example.com answered 400: field 'a'? is wrong")
    assert len(str(caught.value)) < 260


def test_web_page_is_not_quoted():
    with pytest.raises(TerminalError) as caught:
        raise_for_delivery(answer(404, b"<html>", content_type="text/html"))

    assert str(caught.value) == "https://hooks.example.com answered 404"


def test_text_decodes_with_any_charset():
    assert answer(200, "ü".encode("latin-1"), content_type='text/plain; charset="latin-1"').text == "ü"
    assert answer(200, b"a", content_type="text/plain; charset=nonsense").text == "a"
