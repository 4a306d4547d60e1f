"""What one connection may take, whichever library parses its requests: h11 serves where httptools cannot be imported."""

import logging
import os
import socket
import time

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reconciler.web import protocol
from reconciler.web.options import Limits


@pytest.fixture(autouse=True, params=[HttpToolsProtocol, H11Protocol], ids=["httptools", "h11"])
def parser(request, monkeypatch):
    monkeypatch.setattr(protocol, "AutoHTTPProtocol", request.param)


@pytest.fixture
def until():
    """Return a function that waits until a condition holds."""

    def wait(condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come to hold"
            time.sleep(0.005)

    return wait


def closed_without_answer(port, data):
    """Return what came before the end; it is a reset where the other side had closed before all was sent."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        try:
            connection.sendall(data)
            return connection.recv(1000)
        except ConnectionError:
            return b""


@pytest.mark.parametrize("data", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
def test_head_that_does_not_come_closes_the_connection(serve, data):
    assert closed_without_answer(serve(limits=Limits(head_seconds=0.05)).port, data) == b""


def test_second_head_that_does_not_come_closes_the_connection(serve):
    client = serve(limits=Limits(head_seconds=1.0))
    with socket.create_connection(("127.0.0.1", client.port), 5) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.recv(4096)
        while b'{"live":true}' not in answer:
            more = connection.recv(4096)
            assert more, answer
            answer += more
        connection.sendall(b"GET /li")
        assert connection.recv(1000) == b""


def test_oversize_head_is_refused(serve):
    client = serve(limits=Limits(head=4096))
    answer = closed_without_answer(client.port, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 10_000)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))


def test_large_body_is_not_taken_for_a_head(serve, engine):
    client = serve(limits=Limits(head=2048))
    body = b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":"' + b"a" * 500_000 + b'"}'
    for _ in range(2):
        answer = client.post("/events", content=body, headers={"content-type": "application/cloudevents+json"})
        assert answer.status_code == 202


def test_endless_body_is_cut_off(serve):
    client = serve(limits=Limits(body=1000))
    head = b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port), 5) as connection:
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")
        with pytest.raises(OSError):
            for _ in range(100_000):
                connection.sendall(b"x" * 10_000)


def test_connection_serves_on_after_a_refused_body(serve):
    client = serve()
    assert client.post("/events", content=b"x" * 2_000_000).status_code == 413
    assert client.get("/livez").status_code == 200


def test_too_many_connections_get_503(serve):
    client = serve(limits=Limits(connections=2))
    with (
        socket.create_connection(("127.0.0.1", client.port), 5),
        socket.create_connection(("127.0.0.1", client.port), 5),
    ):
        assert client.get("/livez").status_code == 503


def test_answer_that_is_not_fetched_is_dropped(serve, engine, until):
    engine.add(*(f"slack/c{number:04}" for number in range(1000)), message="x" * 20_000)
    client = serve(limits=Limits(keep_alive=1))
    before = len(os.listdir("/proc/self/fd"))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", client.port))
        connection.sendall(b"GET /api/v1/configs?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: len(os.listdir("/proc/self/fd")) > before + 1)
        until(lambda: len(os.listdir("/proc/self/fd")) == before + 1)


def test_requests_and_bad_ones_are_not_logged(serve, caplog):
    with caplog.at_level(logging.DEBUG):
        client = serve()
        client.get("/livez")
        closed_without_answer(client.port, b"garbage\r\n\r\n")
    assert [record for record in caplog.records if record.name.startswith(("uvicorn", "reconciler.web"))] == []
