"""The client's end of the Unix socket, for the command line: no daemon imports it."""

import http.client
from pathlib import Path

from reconciler.web.sockets import SOCKET_NAME, connect_unix


def unix_connection(state_dir: Path, timeout: float = 30.0) -> http.client.HTTPConnection:
    """Return an HTTP connection to the daemon of `state_dir`; connecting, at its first request, raises OSError."""
    return _UnixConnection(state_dir / SOCKET_NAME, timeout)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = connect_unix(self._path, self.timeout or 30.0)
