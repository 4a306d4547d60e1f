"""The service manager's notification socket: systemd's sd_notify(3), spoken by ourselves.

One datagram for each message, to the Unix socket that NOTIFY_SOCKET names (a path, or `@` and an abstract name). It
knows the wire, not what to say: that is `compose/systemd.py`. Never blocks and never raises: a service manager that
does not listen must not harm the service.
"""

import logging
import os
import socket
from collections.abc import MutableMapping

log = logging.getLogger(__name__)
_LONGEST = 1000


class NotifySocket:
    """Sends to `address`; does nothing where that is None. May be used from any thread."""

    def __init__(self, address: str | None, watchdog: float | None = None) -> None:
        self._address = None if address is None else f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog = watchdog if address is not None else None
        """Within how many seconds a WATCHDOG=1 is expected, or None."""
        self._failed = False
        self._socket: socket.socket | None = None
        if address is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    @classmethod
    def from_environ(cls, environ: MutableMapping[str, str]) -> "NotifySocket":
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and remove them: they are not for child processes."""
        address = environ.pop("NOTIFY_SOCKET", "")
        micros, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        if address and address[0] not in "/@":
            log.warning("NOTIFY_SOCKET: expected a path or @name, found %r: nothing is notified", address)
            address = ""
        is_ours = pid in ("", str(os.getpid()))
        seconds = int(micros) / 1e6 if micros.isascii() and micros.isdigit() and is_ours else 0.0
        return cls(address or None, seconds or None)

    @property
    def listens(self) -> bool:
        """Whether there is a service manager to tell."""
        return self._socket is not None

    def send(self, *assignments: str) -> None:
        """Send assignments such as `READY=1`, each on a line of its own and cut to 1,000 characters."""
        if self._socket is None or self._address is None:
            return
        lines = (text.replace("\n", " ")[:_LONGEST] for text in assignments)
        try:
            self._socket.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)
        except OSError as error:
            if not self._failed:
                log.warning("the service manager cannot be notified: %s", error.strerror)
            self._failed = True
        else:
            self._failed = False

    def close(self) -> None:
        """Send nothing more."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
