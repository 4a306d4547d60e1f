"""A scripted server on loopback: a test says byte by byte what it answers, and when it does not."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import trustme

from reconciler.sdk.http import HttpClient, HttpResponse

Script = Callable[[socket.socket, bytes], None]


class Wire:
    """Runs `script(connection, request)` for each request; `requests` are the raw bytes that came, heads and bodies."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.gone = threading.Event()
        self._script, self._tls = script, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            while request := _read_request(connection):
                self.requests.append(request)
                self._script(connection, request)
        self.gone.set()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
        if data[0] == 0x16:  # a TLS handshake on a plain connection
            return data
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line.split(b":", 1) for line in head.lower().split(b"\r\n")[1:]]
    length = int(dict(lines).get(b"content-length", b"0"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(status: int = 200, body: bytes = b"ok", **headers: str) -> Script:
    """Return a script that gives one whole answer."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode()
    return lambda connection, _request: connection.sendall(head + body)


def dripping(head: bytes, drop: bytes = b"x") -> Script:
    """Return a script that sends `head`, then one drop after the other until nobody listens."""

    def drip(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            connection.sendall(drop)
            threading.Event().wait(0.01)

    return drip


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def scripts():
    """The ready-made scripts: `scripts.answering`, `scripts.dripping`."""

    class Scripts:
        answering = staticmethod(answering)
        dripping = staticmethod(dripping)

    return Scripts


@pytest.fixture
def serve() -> Iterator[Callable[..., Wire]]:
    """Return a function that starts a server with a script."""
    wires: list[Wire] = []

    def start(script: Script, tls: ssl.SSLContext | None = None) -> Wire:
        wires.append(Wire(script, tls))
        return wires[-1]

    yield start
    for wire in wires:
        wire.close()


@pytest.fixture
def ask() -> Callable[..., HttpResponse]:
    """Return a function that makes one exchange on a loop of its own: `ask(client, "GET", url, …)`."""

    def once(client: HttpClient, method: str, url: object, **options: object) -> HttpResponse:
        async def exchange() -> HttpResponse:
            try:
                return await client.request(method, url, **options)  # type: ignore[arg-type]
            finally:
                await client.aclose()

        return asyncio.run(exchange())

    return once


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
