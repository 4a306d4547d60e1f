"""Whatever is sent, the server answers with something other than a 500, and goes on."""

import errno
import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LENIENT = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
NAMES = st.sampled_from(
    ["Host", "Content-Type", "Content-Length", "Transfer-Encoding", "Authorization", "Origin", "ce-id", "ce-type",
     "ce-source", "ce-specversion", "ce-time", "ce-x", "Expect", "Connection", "Content-Encoding", "Upgrade"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [b"application/json", b"application/cloudevents+json", b"chunked", b"2", b"1.0", b"close", b"100-continue",
         b"localhost", b"Bearer x", b"websocket, h2c", b"null", b'"', b"%", b"\xff\xfe", b"-1", b"gzip"]
    ),
    st.binary(max_size=30),
)  # fmt: skip
PATHS = st.sampled_from(
    [b"/events", b"/api/v1/configs?limit=%ff", b"/hooks/%2e%2e/x", b"/api/v1/look", b"/%00", b"*",
     b"/api/v1/overrides?id=%ff&all=1"]
)  # fmt: skip


def exchange(port, data):
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while got := connection.recv(65536):
                answer += got
        except OSError as error:
            if error.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):  # it had heard enough
                raise
        return answer


@LENIENT
@given(
    method=st.sampled_from([b"POST", b"GET", b"PUT", b"BREW"]),
    path=PATHS,
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    body=st.sampled_from([b"", b"{}", b"[]", b"\xff"]),
)
def test_fuzzed_headers_never_give_a_500(client, caplog, method, path, headers, body):
    lines = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers)
    answer = exchange(client.port, method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n" + body)
    assert not answer.startswith(b"HTTP/1.1 500")
    assert b"Traceback" not in answer
    assert not any(record.exc_info for record in caplog.records)


@LENIENT
@given(data=st.binary(max_size=200))
def test_noise_never_gives_a_500(client, caplog, data):
    assert not exchange(client.port, data).startswith(b"HTTP/1.1 500")
    assert not any(record.exc_info for record in caplog.records)
    assert client.get("/livez").status_code == 200
