"""HttpClient against a real server: answers, deadlines, bounds."""

import asyncio
import json
import socket
import threading
import time

import pytest

from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.secret import Secret
from reconciler.sdk.http import HttpClient, HttpResponse


def test_answer_arrives_whole(serve, scripts, ask):
    wire = serve(scripts.answering(201, b'{"ok": true}', content_type="application/json", x_thing="Yes"))

    response = ask(HttpClient(), "POST", wire.url + "/in?x=1", json={"a": "ü"}, headers={"X-Team": "web"})

    assert (response.status, response.json(), response.headers["x-thing"]) == (201, {"ok": True}, "Yes")
    head, _, body = wire.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /in?x=1 HTTP/1.1")
    assert b"x-team: web" in head and b"content-type: application/json" in head
    assert json.loads(body) == {"a": "ü"}


def test_every_answer_is_returned_whatever_its_status(serve, scripts, ask):
    assert ask(HttpClient(), "GET", serve(scripts.answering(503)).url).status == 503


def test_redirect_is_not_followed(serve, scripts, ask):
    elsewhere = serve(scripts.answering())
    wire = serve(scripts.answering(302, location=elsewhere.url))

    assert ask(HttpClient(), "GET", wire.url).status == 302
    assert elsewhere.requests == []


def test_connection_is_used_again_on_the_same_loop(serve, scripts):
    ports = []

    def script(connection: socket.socket, request: bytes) -> None:
        ports.append(connection.getpeername()[1])
        scripts.answering()(connection, request)

    wire = serve(script)

    async def twice() -> None:
        client = HttpClient()
        await client.request("GET", wire.url)
        await client.request("GET", wire.url)
        await client.aclose()

    asyncio.run(twice())
    assert len(ports) == 2 and len(set(ports)) == 1


def test_two_loops_share_one_client(serve, scripts, ask):
    wire, client = serve(scripts.answering()), HttpClient()

    assert [ask(client, "GET", wire.url).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({}, b"user-agent: reconcile (chat)\r\n"), ({"User-Agent": "mine"}, b"user-agent: mine\r\n")],
)
def test_user_agent_is_said_once(serve, scripts, ask, headers, expected):
    wire = serve(scripts.answering())

    ask(HttpClient(user_agent="reconcile (chat)"), "GET", wire.url, headers=headers)

    assert expected in wire.requests[0].replace(b"User-Agent", b"user-agent")
    assert wire.requests[0].lower().count(b"user-agent") == 1


def test_cookies_are_not_kept(serve, scripts):
    wire = serve(scripts.answering(set_cookie="session=1"))

    async def twice() -> None:
        client = HttpClient()
        await client.request("GET", wire.url)
        await client.request("GET", wire.url)
        await client.aclose()

    asyncio.run(twice())
    assert b"cookie" not in wire.requests[1].lower()


@pytest.mark.parametrize(
    "head",
    [pytest.param(b"", id="silence"), pytest.param(b"HTTP/1.1 200 OK\r\nx-", id="a header without an end")],
)
def test_slow_answer_ends_at_the_deadline(serve, scripts, ask, head):
    wire = serve(scripts.dripping(head))
    started = time.monotonic()

    with pytest.raises(TransientError, match=r"no answer within 0\.3 s"):
        ask(HttpClient(timeout=0.3), "GET", wire.url)

    assert time.monotonic() - started < 8
    assert wire.gone.wait(5)


def test_dripping_body_ends_at_the_deadline_and_its_status_counts(serve, scripts, ask):
    wire = serve(scripts.dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n"))

    response = ask(HttpClient(timeout=1.0), "GET", wire.url)

    assert response.status == 200 and response.truncated


def test_status_counts_where_the_loop_comes_back_after_the_deadline_alone(serve, scripts):
    """Whatever holds the loop up: an answer that was heard must not be asked for again."""
    wire = serve(scripts.dripping(b"HTTP/1.1 202 Accepted\r\ncontent-length: 999999\r\n\r\n"))

    async def held_up() -> HttpResponse:
        client, loop = HttpClient(timeout=1.0), asyncio.get_running_loop()
        loop.call_later(0.8, threading.Event().wait, 0.4)
        try:
            return await client.request("POST", wire.url)
        finally:
            await client.aclose()

    assert asyncio.run(held_up()).status == 202


def test_large_body_is_cut(serve, scripts, ask):
    wire = serve(scripts.answering(200, b"x" * 10_000_000))

    response = ask(HttpClient(), "GET", wire.url, max_response=1000)

    assert (len(response.body), response.truncated) == (1000, True)


def test_endless_headers_are_refused(serve, ask):
    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(200_000):
            connection.sendall(b"x-%d: y\r\n" % number)

    with pytest.raises(TransientError, match="the connection broke"):
        ask(HttpClient(), "GET", serve(script).url)


def test_compressed_body_is_not_unpacked(serve, scripts, ask):
    wire = serve(scripts.answering(200, b"\x1f\x8bnot really", content_encoding="gzip"))

    assert ask(HttpClient(), "GET", wire.url).body == b"\x1f\x8bnot really"
    assert b"accept-encoding: identity" in wire.requests[0]


def test_reset_is_transient(serve, ask):
    def reset(connection: socket.socket, _request: bytes) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    with pytest.raises(TransientError, match="the connection broke"):
        ask(HttpClient(), "GET", serve(reset).url)


def test_answer_that_is_not_http_is_transient(serve, ask):
    wire = serve(lambda connection, _request: connection.sendall(b"220 mail ready\r\n\r\n"))

    with pytest.raises(TransientError):
        ask(HttpClient(), "GET", wire.url)


def test_nobody_listening_is_transient(ask):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen: nobody else can, as long as it is open
        port = taken.getsockname()[1]
        with pytest.raises(TransientError, match=rf"http://127\.0\.0\.1:{port}: cannot connect"):
            ask(HttpClient(), "GET", f"http://127.0.0.1:{port}/path?token=t0ps3cret")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "ftp://example.com"}, "absolute http or https URL"),
        ({"url": "/relative"}, "absolute http or https URL"),
        ({"url": Secret("http://[broken-t0ps3cret")}, "not a valid URL"),
        ({"method": "PO ST"}, "not an HTTP method"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "the header X-A holds a control character"),
        ({"headers": {"X-A": Secret("t0ps3cret\n")}}, "the header X-A holds a control character"),
        ({"headers": {"X A": "b"}}, "not the name of a header"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "is set by the client"),
        ({"json": {"a": float("nan")}}, "cannot be written as JSON"),
        ({"proxy": "socks5://127.0.0.1:1"}, "a proxy's address"),
    ],
)
def test_request_that_cannot_be_made_is_terminal(ask, options, message):
    call = {"method": "GET", "url": "http://127.0.0.1:9/", **options}

    with pytest.raises(TerminalError, match=message) as caught:
        ask(HttpClient(), call.pop("method"), call.pop("url"), **call)

    assert "t0ps3cret" not in str(caught.value)


def test_outcomes_are_observed(serve, scripts, ask):
    seen = []
    wire = serve(scripts.answering(404))

    def observe(host, outcome, seconds):
        seen.append((host, outcome, seconds < 8))

    ask(HttpClient(observe=observe), "GET", wire.url)
    with pytest.raises(TransientError):
        ask(HttpClient(timeout=0.3, observe=observe), "GET", serve(scripts.dripping(b"")).url)

    assert seen == [("localhost", "404", True), ("localhost", "timeout", True)]
