"""The sockets that are listened on, bound before anything serves."""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.model.errors import ReconcileError, StateError

SOCKET_NAME = "reconcile.sock"
_LONGEST = 100
"""What surely fits into `sun_path`, in bytes: Linux has 108, macOS 104, with the final zero."""
_BACKLOG = 512


def bind_tcp(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 lets the system choose. Raises ReconcileError with what to do."""
    try:
        # The protocol must be named: asyncio switches Nagle's delay off (40 ms an answer) only where it is.
        name = host.encode("ascii") if host.isascii() else host  # for text, the tables of IDNA would be loaded
        found = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
        # "localhost" has two addresses on many machines: IPv4 is what people and tools try first.
        family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        return _listening(socket.socket(family, kind, protocol), address)
    except OSError as error:
        raise ReconcileError(f"cannot listen on {_shown(host, port)}: {_reason(error)}") from error


def _listening(listener: socket.socket, address: Any) -> socket.socket:
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def bind_unix(state_dir: Path) -> socket.socket:
    """Return a listening Unix socket in `state_dir`, mode 0600, in the place of one that nobody serves any more.

    Raises StateError when another process serves it, or it cannot be made.
    """
    path = state_dir / SOCKET_NAME
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        with _short(path) as address:
            listener.bind(address)
        path.chmod(0o600)  # before listen(): until then nobody can connect
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StateError(f"cannot listen on {path}: {_reason(error)}") from error
    except StateError:
        listener.close()
        raise
    return listener


def connect_unix(path: Path, timeout: float) -> socket.socket:
    """Return a socket that is connected to the one at `path`; raises OSError."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.settimeout(timeout)
        with _short(path) as address:
            client.connect(address)
    except OSError:
        client.close()
        raise
    return client


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StateError(f"{path} is not a socket: move it away")
    try:
        connect_unix(path, 2.0).close()
    except OSError:  # nobody listens there
        path.unlink(missing_ok=True)
    else:
        raise StateError(f"another process serves {path}")


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a name of `path` that fits into a socket's address: through its folder's descriptor, or a link to it."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if Path(f"/proc/self/fd/{folder}").exists():
            yield f"/proc/self/fd/{folder}/{path.name}"
            return
        import tempfile

        with tempfile.TemporaryDirectory(prefix="reconcile-") as short:  # no /proc: macOS, BSD
            link = Path(short) / "s"
            link.symlink_to(path.parent.absolute())
            yield str(link / path.name)
    finally:
        os.close(folder)


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the address is in use; stop what listens there, or choose another with --listen"
    return (error.strerror or str(error)).lower()
