"""What one connection may take, and what may be hidden in its requests."""

import logging
import os
import socket
import threading
import time
from concurrent.futures import Future

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.model.ports import Receipt
from reconciler.web.options import Limits

BINARY = b"Content-Type: application/json\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: s\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


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


@pytest.mark.parametrize("line", [b"a: " + b"b" * 1000 + b"\r\n", b"a" * 1000], ids=["lines", "one line"])
@pytest.mark.parametrize("body", [b"2\r\n{}\r\n0\r\n\r\nGET / HTTP/1.1\r\n", b"0\r\n"], ids=["head", "trailers"])
def test_endless_lines_behind_a_body_are_cut_off(serve, engine, body, line):
    stored = Future()
    engine.store = lambda events: stored
    head = (
        b"POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + BINARY + b"ce-type: t\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", serve().port), 0.5) as connection:
        connection.sendall(head + body)
        with pytest.raises(OSError):
            for _ in range(3000):
                connection.sendall(line * 10)
    stored.set_result([Receipt(1)])


def test_trailers_are_no_headers(serve, engine):
    head = b"POST /events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + BINARY + b"\r\n"
    with socket.create_connection(("127.0.0.1", serve().port), 5) as connection:
        connection.sendall(head + b"2\r\n{}\r\n0\r\nce-type: t\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 4")
    assert engine.events == []


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


@pytest.mark.parametrize(
    ("last", "behind"),
    [(b"", b""), (b"Connection: close\r\n", b""), (b"", LIVEZ), (b"", b"garbage\r\n\r\n"), (b"", LIVEZ * 3)],
    ids=["kept alive", "last", "another behind", "garbage behind", "others behind"],
)
def test_answer_that_is_not_fetched_is_dropped(serve, engine, until, last, behind):
    engine.add(*(f"slack/c{number:04}" for number in range(1000)), message="x" * 20_000)
    client = serve(limits=Limits(keep_alive=0.2))
    client.get("/api/v1/configs?limit=1000", headers={"connection": "close"})  # all is loaded
    before = len(os.listdir("/proc/self/fd"))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", client.port))
        connection.sendall(b"GET /api/v1/configs?limit=1000 HTTP/1.1\r\nHost: localhost\r\n" + last + b"\r\n")
        assert connection.recv(1) == b"H"
        connection.sendall(behind)
        until(lambda: len(os.listdir("/proc/self/fd")) == before + 1)


def test_requests_and_bad_ones_are_not_logged(serve, caplog):
    with caplog.at_level(logging.DEBUG):
        client = serve()
        client.get("/livez")
        closed_without_answer(client.port, b"garbage\r\n\r\n")
    assert [record for record in caplog.records if record.name.startswith(("uvicorn", "reconciler.web"))] == []


def answer_with(connection, end):
    """Return what comes, up to its end: in as many parts as it likes."""
    answer = b""
    while not answer.endswith(end):
        more = connection.recv(1000)
        assert more, answer
        answer += more
    return answer


def test_client_that_offers_another_protocol_is_served_in_this_one(serve, engine):
    """As Java's client does with every request to a plain `http:` address."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    head = b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n" + offer + BINARY + b"ce-type: t\r\n"
    with socket.create_connection(("127.0.0.1", serve().port), 5) as connection:
        connection.sendall(head + b"\r\n[1,2,3]")
        assert answer_with(connection, b"}]}").startswith(b"HTTP/1.1 202")
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert answer_with(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        connection.sendall(b'{"a":4}')
        assert answer_with(connection, b"}]}").startswith(b"HTTP/1.1 202")
    assert [event.data for event in engine.events] == [[1, 2, 3], {"a": 4}]


@pytest.fixture
def silent(caplog):
    """See that nothing is logged that an operator would be woken for."""
    yield
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("head", [LIVEZ[:-2], b"POST /events HTTP/1.1\r\nHost: localhost\r\n"], ids=["unread", "read"])
def test_broken_body_is_refused_once(serve, silent, head):
    with socket.create_connection(("127.0.0.1", serve().port), 20) as connection:
        connection.sendall(head + CHUNKED + b"not a size\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_broken_body_behind_its_answer_closes_the_connection(serve, silent):
    with socket.create_connection(("127.0.0.1", serve().port), 20) as connection:
        connection.sendall(LIVEZ[:-2] + CHUNKED)
        answer = b""
        while b'{"live":true}' not in answer:
            answer += connection.recv(4096)
        connection.sendall(b"not a size\r\n")
        assert connection.recv(4096) == b""


def test_what_comes_behind_the_last_request_does_not_take_its_answer(serve, engine, silent):
    stored, asked = Future(), threading.Event()
    engine.store = lambda events: asked.set() or stored
    head = b"POST /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + BINARY + b"ce-type: t\r\n"
    with socket.create_connection(("127.0.0.1", serve().port), 20) as connection:
        connection.sendall(head + b"Content-Length: 2\r\n\r\n{}")
        assert asked.wait(20)
        connection.sendall(b"\r\n")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1000)
        connection.settimeout(20)
        stored.set_result([Receipt(1)])
        assert b"".join(iter(lambda: connection.recv(1000), b"")).startswith(b"HTTP/1.1 202")


def test_what_is_sent_at_once_is_read_in_pieces_so_that_others_get_their_turn(serve, engine, monkeypatch):
    sizes, received = [], H11Protocol.data_received
    monkeypatch.setattr(
        H11Protocol, "data_received", lambda self, data: sizes.append(len(data)) or received(self, data)
    )
    headers = {"content-type": "application/json", "ce-id": "1", "ce-source": "s", "ce-type": "t"}
    body = b'"' + b"x" * 500_000 + b'"'
    answer = serve().post("/events", content=body, headers={**headers, "ce-specversion": "1.0"})
    assert answer.status_code == 202
    assert sum(sizes) > 500_000
    assert max(sizes) <= 16 * 1024
