"""Secrets reach the wire and nothing else."""

import traceback

import pytest

from reconciler.model.errors import IntegrationError, TransientError
from reconciler.model.secret import Secret
from reconciler.sdk.http import HttpClient, raise_for_delivery

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
