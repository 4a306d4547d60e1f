"""Refuses every way out of the process while a rehearsal runs: connections, look-ups of names, other processes.

It works on Python's audit events, which come from beneath `socket`, `ssl`, `smtplib`, `asyncio` and `subprocess`, from
any thread. What a library in C does by itself raises none: an integration is trusted code, this is for accidents.
"""

import sys
from types import TracebackType
from typing import Any, Final, Self

from reconciler.model.errors import NetworkRefused

_HARMLESS: Final = frozenset({"socket.__new__", "socket.gethostname"})
_PROCESSES: Final = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"})
_guarding: Final[set[int]] = set()
"""Who refuses now. Module state, for once: an audit hook is the process's and can never be taken back, so there is one
and it asks here."""
_hooked: Final[list[bool]] = []


class NoNetwork:
    """A context manager; several may be open at once."""

    def __enter__(self) -> Self:
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_refuse)
        _guarding.add(id(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _guarding.discard(id(self))


def _refuse(event: str, _args: tuple[Any, ...]) -> None:
    if not _guarding:
        return
    if event.startswith("socket.") and event not in _HARMLESS:
        raise NetworkRefused(f"nothing is sent in a rehearsal: {event} is refused; use self.http, which is recorded")
    if event in _PROCESSES:
        raise NetworkRefused(f"no process is started in a rehearsal: {event} is refused")
