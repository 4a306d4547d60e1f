"""Secrets reach the wire and nothing else."""

import logging
import traceback

import pytest

from reconciler.cli.logs import configure_logging
from reconciler.model.errors import IntegrationError, TransientError
from reconciler.model.secret import MASK, Secret
from reconciler.sdk.http import HttpClient, HttpResponse, raise_for_delivery
from reconciler.sdk.http_request import echoes

WORD = "t0ps3cret-w0rd"


def test_secrets_are_revealed_on_the_wire(serve, scripts, ask):
    wire = serve(scripts.answering())

    ask(
        HttpClient(),
        "POST",
        Secret(f"{wire.url}/{WORD}"),
        headers={"Authorization": Secret(f"Bearer {WORD}")},
        json={"deep": [Secret(WORD)]},
    )

    assert wire.requests[0].count(WORD.encode()) == 3


def test_answer_that_echoes_the_request_is_masked(serve, ask):
    def echo(connection, request):
        body = request.replace(b"\r\n", b" ")
        connection.sendall(
            b"HTTP/1.1 400 X\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )

    wire = serve(echo)
    response = ask(HttpClient(), "POST", Secret(f"{wire.url}/hooks/{WORD}"), headers={"X-Key": Secret(WORD)})

    with pytest.raises(IntegrationError) as caught:
        raise_for_delivery(response)

    assert "/hooks/****" in str(caught.value)
    assert WORD not in str(caught.value) and WORD not in repr(response)


@pytest.mark.parametrize(("secret", "echo"), [
    ("http://me:s3cret-pass@host/", "Basic bWU6czNjcmV0LXBhc3M="),
    ("http://me:s3cret%2Fpass@host/", "s3cret/pass"),
    ("http://me:s3cret%2Fpass@host/", "Basic bWU6czNjcmV0L3Bhc3M="),
    ("s3cret/pass word", "s3cret%2Fpass%20word"),
    ('s3cret"pass', r"s3cret\"pass"),
    ("s3crét-päss", r"s3cr\u00e9t-p\u00e4ss"),
])  # fmt: skip
def test_other_spellings_of_a_secret_are_masked(secret, echo):
    answer = HttpResponse(400, {"content-type": "text/plain"}, echo.encode(), secrets=echoes([Secret(secret)]))

    assert MASK in answer.excerpt
    assert "pass" not in answer.excerpt and "s3cr" not in answer.excerpt and "bWU6" not in answer.excerpt


@pytest.mark.parametrize("path", [f"/{WORD}", f"/?token={WORD}"])
def test_failure_shows_only_the_origin(serve, ask, path):
    wire = serve(lambda connection, _request: connection.close())

    with pytest.raises(TransientError) as caught:
        ask(HttpClient(), "GET", Secret(wire.url + path))

    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_credentials_in_a_secret_address_become_a_header(serve, scripts, ask):
    wire = serve(scripts.answering())

    ask(HttpClient(), "GET", Secret(wire.url.replace("://", f"://me:{WORD}@")))

    assert b"authorization: Basic bWU6" in wire.requests[0]
    assert WORD.encode() not in wire.requests[0].partition(b"\r\n")[0]


@pytest.mark.parametrize("log_format", ["human", "json"])
def test_debug_log_shows_no_header(log_format, serve, ask, restored_logging, capsys):
    configure_logging(log_format, "debug")
    wire = serve(
        lambda connection, _request: connection.sendall(
            b"HTTP/1.1 307 X\r\nlocation: https://h/%b/\r\ncontent-length: 0\r\n\r\n" % WORD.encode()
        )
    )

    answer = ask(HttpClient(), "POST", Secret(f"{wire.url}/{WORD}"))

    assert answer.status == 307
    assert WORD not in capsys.readouterr().err


@pytest.fixture
def restored_logging():
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level = kept
