"""A real HTTP server on loopback that records what it gets and answers what it is told."""

import json
import sys
import threading
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from msgspec import Struct, field

_LARGEST = 8 * 1024 * 1024


class Recorded(Struct, frozen=True):
    """One request. Header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Answer(Struct, frozen=True):
    """What to answer next."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away: some are killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class RecordingServer:
    """Answers 200 unless told otherwise. Usable as a context manager; `url` is where it listens."""

    def __init__(self) -> None:
        self._requests: list[Recorded] = []
        self._answers: deque[Answer] = deque()
        self._default = Answer()
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end; the first who asks for it has the server begin to answer."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Recorded]:
        """What has come so far, oldest first."""
        with self._changed:
            return list(self._requests)

    def forget(self) -> None:
        """Forget what has come so far."""
        with self._changed:
            self._requests.clear()

    def answer(self, *answers: Answer) -> None:
        """Answer the next requests with these, one each; afterwards 200 again."""
        with self._changed:
            self._answers.extend(answers)

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Recorded]:
        """Return the first `count` requests once they have come; raises TimeoutError after `timeout` real seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout):
                raise TimeoutError(f"{len(self._requests)} of {count} requests came within {timeout:g} s")
            return self._requests[:count]

    def close(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _record(self, request: Recorded) -> Answer:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return self._answers.popleft() if self._answers else self._default

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        record = self._record

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else an answer waits 40 ms for the client to acknowledge the one before

            def do_POST(self) -> None:
                length = min(int(self.headers.get("content-length") or 0), _LARGEST)
                body = self.rfile.read(length)
                if len(body) < length:  # who sends it has ended: nothing has come that could be answered
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = record(Recorded(self.command, self.path, headers, body))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 — the standard library's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the standard library's name
                """Say nothing."""

        return Handler
