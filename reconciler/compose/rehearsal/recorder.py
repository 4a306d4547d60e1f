"""The outbound client of a rehearsal: makes each request whole, writes it down, and sends nothing.

Called by `rehearsal.py`, as `self.http` of an integration. Its answer is what a case scripts, else 200 and
`{"ok": true}`, which most take for success.
"""

import json as jsonlib
from collections.abc import Mapping, Sequence
from socket import socket
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.case import Answer
from reconciler.model.errors import TransientError
from reconciler.model.secret import Secret
from reconciler.sdk.http import HttpClient
from reconciler.sdk.http_request import Target, build_request
from reconciler.sdk.http_response import HttpResponse

if TYPE_CHECKING:
    import httpcore2

_USUAL: Final = frozenset({"accept", "accept-encoding", "content-length", "host", "user-agent"})
"""Headers that every request has and nobody asks about."""
_SUCCESS: Final = Answer(200, MappingProxyType({"content-type": "application/json"}), b'{"ok": true}')


class NothingSent(TransientError):
    """A connection was asked for, and noted: there is none in a rehearsal."""


class Recorder(HttpClient):
    """Notes in `sent` what is asked of it, and in `answered` how many requests since answers were scripted last."""

    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self.sent: list[dict[str, Any]] = []
        self.answered = 0
        self._answers: Sequence[Answer] = ()

    def script(self, answers: Sequence[Answer]) -> None:
        """Answer the next requests so, one after the other, and all that follow as the last one."""
        self._answers, self.answered = answers, 0

    async def request(
        self,
        method: str,
        url: str | Secret,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        json: Any = None,
        content: str | bytes | Secret | None = None,
        **_more: Any,
    ) -> HttpResponse:
        """Note a request; raises TerminalError, as the client does, for one that cannot be made."""
        target = Target.of(url)
        core = build_request(method, target, headers or {}, json, content)
        told = {
            "method": method,
            "url": url.reveal() if isinstance(url, Secret) else url,
            "headers": _headers(core),
            "body": _body(core),
        }
        self.sent.append({key: value for key, value in told.items() if value not in (None, {})})
        answer = self._answers[min(self.answered, len(self._answers) - 1)] if self._answers else _SUCCESS
        self.answered += 1
        return HttpResponse(answer.status, answer.headers, answer.body, target.origin)

    def open_socket(self, host: str, port: int, seconds: float, *, carries: Any = None) -> socket:
        """Note a connection with what it was to carry, and refuse it."""
        self.sent.append({"connect": f"{host}:{port}"} | ({"body": carries} if carries is not None else {}))
        raise NothingSent(f"{host}:{port}: no connection is made in a rehearsal, within {seconds:g} s or ever")

    async def aclose(self) -> None:
        """There is nothing to close."""


def _headers(request: "httpcore2.Request") -> dict[str, str]:
    pairs = ((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in request.headers)
    return {name: value for name, value in sorted(pairs) if name not in _USUAL}


def _body(request: "httpcore2.Request") -> Any:
    """Return the body as JSON where it is, else as text; None where there is none."""
    parts: Any = request.stream
    data = b"".join(parts)
    if not data:
        return None
    try:
        return jsonlib.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "replace")
