"""The shape of answers: JSON, and errors as `{"error": {"code", "message"}}`."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

CLOSE = {"connection": "close"}
"""For an answer after which the connection is of no more use."""


class ApiError(Exception):
    """An answer that says why not: `code` is a stable word for programs, the message a sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        """Return the answer."""
        return error(self.status, self.code, str(self), self.headers)


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
    return Response(body, status, headers, "application/json")


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error."""
    return answer({"error": {"code": code, "message": message}}, status, headers)


def busy(code: str, message: str, status: int = 503, retry_after: int = 5) -> ApiError:
    """Return an error that asks to come again after `retry_after` seconds."""
    return ApiError(status, code, message, {"retry-after": str(retry_after)})
