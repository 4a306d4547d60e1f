import json
import socket
import sqlite3
import threading
from concurrent.futures import Future

import pytest

from reconciler.model.errors import NotRunning
from reconciler.model.ports import Receipt
from reconciler.web.options import Limits

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EVENT = {"specversion": "1.0", "id": "1", "source": "ci", "type": "build.finished", "data": {"job": "web"}}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "ci", "ce-type": "build.finished"}


def post(client, body, content_type=STRUCTURED, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/events", content=content, headers={"content-type": content_type, **headers})


def test_structured_event_is_accepted_with_its_receipt(client, engine):
    answer = post(client, EVENT)
    assert answer.status_code == 202
    assert answer.json() == {"format_version": 1, "receipts": [{"sequence": 1, "duplicate": False}]}
    assert engine.events[0].data == {"job": "web"}


def test_batch_gets_receipts_in_order(client, engine):
    answer = post(client, [EVENT, {**EVENT, "id": "2"}], BATCH)
    assert [receipt["sequence"] for receipt in answer.json()["receipts"]] == [1, 2]
    assert [event.id for event in engine.events] == ["1", "2"]


def test_empty_batch_is_accepted(client, engine):
    assert post(client, [], BATCH).json()["receipts"] == []


def test_binary_event_is_accepted(client, engine):
    answer = client.post("/events", json={"job": "web"}, headers={**BINARY, "ce-tenant": "acme"})
    assert answer.status_code == 202
    assert engine.events[0].scope == {"tenant": "acme"}


def test_duplicate_is_told(client, engine):
    engine.store = lambda events: done([Receipt(7, duplicate=True)])
    assert post(client, EVENT).json()["receipts"] == [{"sequence": 7, "duplicate": True}]


def test_202_waits_for_the_disk(client, engine):
    stored, asked = Future(), threading.Event()

    def store(events):
        asked.set()
        return stored

    engine.store = store
    answers = []
    sender = threading.Thread(target=lambda: answers.append(post(client, EVENT)))
    sender.start()
    asked.wait(20)
    assert answers == []
    stored.set_result([Receipt(1)])
    sender.join(20)
    assert answers[0].status_code == 202


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("database or disk is full"), NotRunning("stopped"), OSError(28, "no space")]
)
def test_full_disk_is_503_with_retry_after(client, engine, error):
    failed = Future()
    failed.set_exception(error)
    engine.store = lambda events: failed
    answer = post(client, EVENT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["code"] == "not_stored"


def test_disk_that_never_answers_is_503(serve, engine):
    engine.store = lambda events: Future()
    client = serve(limits=Limits(publish_seconds=0.05))
    assert post(client, EVENT).status_code == 503


def test_engine_that_raises_at_once_is_503(client, engine):
    def store(events):
        raise NotRunning("stopped")

    engine.store = store
    assert post(client, EVENT).status_code == 503


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code", "says"),
    [
        (b"{", STRUCTURED, 400, "bad_json", "line 1, column 2"),
        (b"\xff{}", STRUCTURED, 400, "bad_json", "UTF-8 at byte 0"),
        (b'{"data": NaN}', STRUCTURED, 400, "bad_json", "NaN"),
        (b'{"data": 1e999}', STRUCTURED, 400, "bad_json", "out of range"),
        (b'{"data": ' + b"9" * 5000 + b"}", STRUCTURED, 400, "bad_json", "digits"),
        (b'{"data": "\\ud800"}', STRUCTURED, 400, "bad_json", "surrogate"),
        (b"[" * 70 + b"]" * 70, STRUCTURED, 400, "bad_json", "64 levels"),
        (b"[" * 100_000, STRUCTURED, 400, "bad_json", ""),
        (b"[]", STRUCTURED, 400, "invalid_event", "a list"),
        (b"{}", STRUCTURED, 400, "invalid_event", "specversion"),
        ({**EVENT, "type": None}, STRUCTURED, 400, "invalid_event", "'type'"),
        ({k: v for k, v in EVENT.items() if k != "id"}, STRUCTURED, 400, "invalid_event", "'id' is required"),
        ({**EVENT, "Bad_Name": "x"}, STRUCTURED, 400, "invalid_event", "Bad_Name"),
        ({**EVENT, "time": "0001-01-01T00:00:00+23:59"}, STRUCTURED, 400, "invalid_event", ""),
        (EVENT, BATCH, 400, "invalid_event", "a batch is a JSON list"),
        ([EVENT, {}], BATCH, 400, "invalid_event", "event 1 of the batch"),
        ([EVENT] * 1001, BATCH, 413, "batch_too_long", "1000"),
        (b" " * (1024 * 1024 + 1), STRUCTURED, 413, "too_large", "1048576"),
        (EVENT, "application/json", 415, "unsupported_media_type", "a CloudEvent is sent as"),
        (EVENT, "text/plain", 415, "unsupported_media_type", STRUCTURED),
        (EVENT, "application/cloudevents+avro", 415, "unsupported_media_type", "avro"),
        (EVENT, STRUCTURED + "; charset=utf-16", 415, "unsupported_charset", "utf-16"),
    ],
)
def test_bad_request_is_told_why_and_stores_nothing(client, engine, body, content_type, status, code, says):
    answer = post(client, body, content_type)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert says in answer.json()["error"]["message"]
    assert engine.events == []


def test_compressed_body_is_refused(client):
    assert post(client, EVENT, **{"content-encoding": "gzip"}).status_code == 415


def test_missing_content_type_is_415(client):
    answer = client.post("/events", content=b"{}")
    assert answer.status_code == 415
    assert "no content type" in answer.json()["error"]["message"]


def test_chunked_body_is_taken(client, engine):
    def chunks():
        yield b'{"specversion": "1.0", "id": "1", '
        yield b'"source": "ci", "type": "t"}'

    assert client.post("/events", content=chunks(), headers={"content-type": STRUCTURED}).status_code == 202


def test_chunked_body_is_cut_off_at_the_limit(client):
    def chunks():
        for _ in range(40):
            yield b" " * 65536

    answer = client.post("/events", content=chunks(), headers={"content-type": STRUCTURED})
    assert answer.status_code == 413


def raw(client, text, timeout=5.0):
    """Send bytes as they are and return the whole answer."""
    with socket.create_connection(("127.0.0.1", client.port), timeout) as connection:
        connection.sendall(text)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


HEAD = b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cloudevents+json\r\n"


def test_no_length_is_411(client):
    answer = raw(client, HEAD + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b'"length_required"' in answer


def test_two_lengths_are_refused_and_the_connection_is_closed(client):
    answer = raw(client, HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and b"close" in answer.lower()


def test_declared_oversize_is_refused_before_it_is_sent(client):
    answer = raw(client, HEAD + b"Content-Length: 99999999999999999999999999\r\n\r\n")
    assert b" 413 " in answer or b" 400 " in answer


def test_slow_body_is_408_and_the_connection_closed(serve):
    client = serve(limits=Limits(body_seconds=0.1))
    answer = raw(client, HEAD + b"Content-Length: 100\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()


def test_more_requests_than_allowed_at_a_time_are_429(serve, engine):
    stored, asked = Future(), threading.Event()

    def store(events):
        asked.set()
        return stored

    engine.store = store
    client = serve(limits=Limits(intake=1))
    first = threading.Thread(target=post, args=(client, EVENT))
    first.start()
    asked.wait(20)
    answer = post(client, EVENT)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    stored.set_result([Receipt(1)])
    first.join(20)
    engine.store = lambda events: done([Receipt(2)])
    assert post(client, EVENT).status_code == 202


def done(value):
    future = Future()
    future.set_result(value)
    return future
