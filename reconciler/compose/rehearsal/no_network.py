"""Refuses every way out of the process while a rehearsal runs: connections, look-ups of names, other processes.

It works on Python's audit events, which come from beneath `socket`, `ssl`, `smtplib`, `asyncio` and `subprocess`, from
any thread. What a library in C does by itself raises none: an integration is trusted code, this is for accidents.

What the code leaves behind stays refused: a thread that it started and that still lives, and what it registered for
the end of the process. Both would send for real a moment after everybody believed that nothing was sent.
"""

import atexit
import sys
import threading
from types import TracebackType
from typing import Any, Final, Self
from weakref import WeakSet

from reconciler.model.errors import NetworkRefused

_HARMLESS: Final = frozenset({"socket.__new__", "socket.gethostname"})
_PROCESSES: Final = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"})
_guarding: Final[set[int]] = set()
"""Who refuses now. Module state, for once: an audit hook is the process's and can never be taken back, so there is one
and it asks here."""
_hooked: Final[list[bool]] = []
_left: Final["WeakSet[threading.Thread]"] = WeakSet()
"""Threads that were started while somebody refused, and that still lived afterwards."""


class NoNetwork:
    """A context manager; several may be open at once."""

    def __init__(self) -> None:
        self._before: set[threading.Thread] = set()

    def __enter__(self) -> Self:
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_refuse)
            _refuse_spawning()
        self._before = set(threading.enumerate())
        _guarding.add(id(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _left.update(set(threading.enumerate()) - self._before)
        atexit.unregister(_refuse_at_the_end)  # what is registered last runs first
        atexit.register(_refuse_at_the_end)
        _guarding.discard(id(self))


def _refuse_at_the_end() -> None:
    _guarding.add(0)


def _is_refusing() -> bool:
    return bool(_guarding) or (bool(_left) and threading.current_thread() in _left)


def _refuse_spawning() -> None:
    """Have `multiprocessing` refused as well, which starts processes beneath every audit event."""
    try:
        import _posixsubprocess
    except ImportError:  # another system
        return
    start = _posixsubprocess.fork_exec

    def fork_exec(*args: Any) -> int:
        if _is_refusing():
            raise NetworkRefused("no process is started in a rehearsal: multiprocessing is refused")
        return int(start(*args))

    setattr(_posixsubprocess, "fork_exec", fork_exec)  # noqa: B010 — mypy knows it as final


def _refuse(event: str, _args: tuple[Any, ...]) -> None:
    if not _guarding and not _left:
        return
    if not (event.startswith("socket.") or event in _PROCESSES) or not _is_refusing():
        return
    if event.startswith("socket.") and event not in _HARMLESS:
        raise NetworkRefused(f"nothing is sent in a rehearsal: {event} is refused; use self.http, which is recorded")
    if event in _PROCESSES:
        raise NetworkRefused(f"no process is started in a rehearsal: {event} is refused")
