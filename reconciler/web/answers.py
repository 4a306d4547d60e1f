"""The shape of answers: JSON, and errors as `{"error": {"code", "message"}}`. Imports nothing that serves HTTP."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

CLOSE = {"connection": "close"}
"""For an answer after which the connection is of no more use."""


class Answer:
    """One answer in JSON, and the ASGI application that gives it: of what endpoints return, Starlette asks no more."""

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str] | None) -> None:
        self._body = body
        self._status = status
        given = {**(headers or {}), "content-length": str(len(body)), "content-type": "application/json"}
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:  # noqa: ARG002 — ASGI's
        """Send it; the server leaves out the body where HEAD was asked."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


class ApiError(Exception):
    """An answer that says why not: `code` is a stable word for programs, the message a sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> Answer:
        """Return the answer."""
        return error(self.status, self.code, str(self), self.headers)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return `value` as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    return Answer(body, status, headers)


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error."""
    return answer({"error": {"code": code, "message": message}}, status, headers)


def busy(code: str, message: str, status: int = 503, retry_after: int = 5) -> ApiError:
    """Return an error that asks to come again after `retry_after` seconds."""
    return ApiError(status, code, message, {"retry-after": str(retry_after)})


def failed() -> Answer:
    """Return what is answered when all else failed."""
    return error(500, "internal", "the server failed on this request; its log says how", CLOSE)


def not_allowed(headers: Mapping[str, str] | None) -> Answer:
    """Return the answer to a method that is not one of those that `headers` allow."""
    return error(405, "method_not_allowed", "this method is not served at this path", headers)
