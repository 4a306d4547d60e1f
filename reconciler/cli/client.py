"""Speaks HTTP to a daemon: over the Unix socket in its state directory, or to `--server`.

Standard library alone, so that `status` starts quickly. Knows paths and JSON, nothing of tables; the verbs call it.
"""

import http.client
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from reconciler.cli.console import Fatal
from reconciler.web.sockets import SOCKET_NAME
from reconciler.web.unix_client import unix_connection

_USER = "Reconcile-User"
_TIMEOUT = 30.0
_FINDINGS = (400, 404, 409, 410, 422)  # the daemon was asked, and says no: a failure, not an inability


class NoDaemon(Fatal):
    """Nobody answers; `absent` says that there is no daemon at all, not one that fails to answer."""

    def __init__(self, message: str, *, absent: bool = False) -> None:
        super().__init__(message)
        self.absent = absent


class Refused(Fatal):
    """The daemon answered with an error: `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
        self.code = 1 if status in _FINDINGS else 2


class Daemon:
    """A running daemon. Every call raises NoDaemon when nobody answers and Refused for an HTTP error."""

    def __init__(self, state_dir: Path, server: str | None = None, token_file: Path | None = None) -> None:
        self._socket = state_dir / SOCKET_NAME
        self._server = server
        self._token = _read_token(token_file)

    @property
    def elsewhere(self) -> bool:
        """Whether it was named by URL: its files may not be ours."""
        return self._server is not None

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON that `GET /api/v1/<path>` answers; parameters that are None or empty are left out."""
        given = {name: value for name, value in query.items() if value not in (None, "", ())}
        return self._call("GET", f"/api/v1/{path}" + (f"?{urlencode(given, doseq=True)}" if given else ""))

    def items(self, path: str, **query: Any) -> Iterator[Any]:
        """Yield the items of a list, page by page."""
        page = self.get(path, **query)
        while True:
            yield from page["items"]
            if not page.get("next"):
                return
            page = self._call("GET", page["next"])

    def config(self, config_id: str) -> Any:
        """Return one configuration's item; raises Refused with status 404 when there is none."""
        return self.get(f"configs/{quote(config_id)}")

    def post(self, path: str, value: Any, content_type: str = "application/json") -> Any:
        """Send `value` as JSON to `path`, from the root of the server, and return the JSON it answers, or None."""
        return self._call("POST", path, json.dumps(value).encode(), content_type)

    def delete(self, path: str, query: Sequence[tuple[str, str]]) -> Any:
        """Ask for `DELETE /api/v1/<path>` and return the JSON it answers."""
        return self._call("DELETE", f"/api/v1/{path}?{urlencode(query)}")

    def _call(self, method: str, target: str, body: bytes | None = None, content_type: str = "") -> Any:
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if body is not None else {})
        if method != "GET":
            headers[_USER] = quote(_login_name(), safe="")
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection, base = self._connect()
        try:
            connection.request(method, base + target, body, headers)
            answer = connection.getresponse()
            status, data = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._nobody(error) from error
        finally:
            connection.close()
        return _decoded(status, data)

    def _connect(self) -> tuple[http.client.HTTPConnection, str]:
        if self._server is None:
            return unix_connection(self._socket.parent, _TIMEOUT), ""
        url = _url(self._server)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        return kind(url.hostname or "", _port(url.netloc, self._server), timeout=_TIMEOUT), url.path.rstrip("/")

    def _nobody(self, error: Exception) -> NoDaemon:
        if self._server is not None:
            hint = "" if "://" in self._server else "; --server takes a URL, such as http://127.0.0.1:8787"
            return NoDaemon(f"no daemon answers at {self._server}: {_reason(error)}{hint}")
        if isinstance(error, PermissionError):
            return NoDaemon(f"may not connect to {self._socket}: it belongs to another user")
        if isinstance(error, FileNotFoundError | ConnectionRefusedError | NotADirectoryError):
            start = "start one with `reconcile --watch`, or name its state directory with --state-dir"
            return NoDaemon(f"no daemon answers at {self._socket}: {start}", absent=True)
        return NoDaemon(f"the daemon at {self._socket} does not answer: {_reason(error)}")


def _url(text: str) -> SplitResult:
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
    except ValueError:  # brackets that do not close, among others
        url = urlsplit("")
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Fatal(f"--server: expected a URL such as https://reconcile.example.com, found {text!r}")
    return url


def _login_name() -> str:
    """Return who sits before the command line, for the history; behind sudo, who called it."""
    import getpass

    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _port(netloc: str, shown: str) -> int | None:
    try:
        return urlsplit(f"//{netloc}").port
    except ValueError:
        raise Fatal(f"--server: the port is not a number in {shown!r}") from None


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _read_token(file: Path | None) -> str | None:
    if file is None:
        return None
    from reconciler.compose.token import read_token

    return read_token(file).reveal()


def _decoded(status: int, data: bytes) -> Any:
    try:
        value = json.loads(data) if data else None
    except ValueError:
        value = None
    if status < 400:
        return value
    raise Refused(_message(status, value), status)


def _message(status: int, value: Any) -> str:
    """Return the sentence of an error answer; a proxy in between may have answered in another shape."""
    told = value.get("error") if isinstance(value, dict) else None
    if status == 401:
        return "the daemon wants a token: name the file that holds it with --token-file"
    if isinstance(told, dict) and isinstance(told.get("message"), str):
        return str(told["message"])
    return f"the daemon answered {status} {http.client.responses.get(status, '')}".rstrip()
