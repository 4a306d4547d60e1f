"""What the web server is told at start, with the limits that keep it in bounds."""

import ipaddress
from pathlib import Path

from msgspec import Struct, field

from reconciler.model.errors import ReconcileError
from reconciler.model.secret import Secret


class Limits(Struct, frozen=True):
    """Sizes are in bytes, times in seconds."""

    body: int = 1024 * 1024
    body_seconds: float = 10.0
    batch: int = 1000
    """How many events one request may carry."""
    intake: int = 256
    """How many requests to `/events` are worked on at a time; more get 429."""
    head: int = 64 * 1024
    head_seconds: float = 10.0
    connections: int = 1000
    keep_alive: int = 30
    publish_seconds: float = 30.0
    hook_seconds: float = 60.0


class WebOptions(Struct, frozen=True):
    """Where to listen and whom to trust.

    `host` is a name or an address, None for no TCP at all; port 0 lets the system choose. `state_dir` is where the
    Unix socket goes, None for none. `trusted` is for what comes over the socket, whose file permissions are the
    authentication: nothing is asked of it.
    """

    host: str | None = "127.0.0.1"
    port: int = 8787
    token: Secret | None = None
    allowed_hosts: tuple[str, ...] = ()
    state_dir: Path | None = None
    trusted: bool = False
    limits: Limits = field(default_factory=Limits)


def parse_listen(text: str) -> tuple[str, int]:
    """Return the host and the port of `host:port` or `[address]:port`; raises ReconcileError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ReconcileError(f"--listen: expected an address and a port, such as 127.0.0.1:8787, found {text!r}")
    return host, int(port)


def check_listen(host: str | None, token: Secret | None) -> None:
    """Refuse to serve the network without a token.

    Raises ReconcileError when `host` is not a loopback address and `token` is None or shorter than 16 characters.
    """
    if host is None or is_loopback(host):
        return
    if token is None:
        raise ReconcileError(
            f"listening on {host} opens the daemon to the network: give it a token with --token-file, "
            "or listen on 127.0.0.1"
        )
    if len(token) < 16:
        raise ReconcileError(f"listening on {host} needs a token of at least 16 characters, found {len(token)}")


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine for itself alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
