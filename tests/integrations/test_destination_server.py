"""The server that tests of integrations send to records what has come, and nothing that was cut off."""

import socket
from urllib.parse import urlsplit

from reconciler.testing.http_server import RecordingServer


def sent(address, text):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1000)


def test_request_whose_sender_ended_within_its_body_has_not_come():
    with RecordingServer() as server:
        place = urlsplit(server.url)
        address = (place.hostname, place.port)
        head = "POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"
        assert sent(address, head + '{"a"') == b""
        assert sent(address, head + '{"a": 777}').startswith(b"HTTP/1.1 200")
        assert [request.body for request in server.requests] == [b'{"a": 777}']
