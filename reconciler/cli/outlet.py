"""What the daemon says goes to stderr through a thread of its own: who reads it slowly, or not at all, holds up nobody.

A pipe that nobody empties, a reader that has gone, a disk that is full beneath a log file: the daemon goes on. What
could not be written is lost, and how much that was is said as soon as something can be written again.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

_MOST: Final = 1 << 20
"""How many characters wait at most while nobody reads."""


class Outlet:
    """A stream to write to from any thread, without waiting. `of_lost` gives the line about so many texts lost."""

    def __init__(self, stream: TextIO, of_lost: Callable[[int], str]) -> None:
        self._put = _putting(stream)
        self._of_lost = of_lost
        self._texts: deque[str] = deque()
        self._size = 0
        self._too_many = 0
        self._is_busy = self._is_closed = False
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="reconcile-log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Have a text written soon, after those before it; it is lost where too much waits already."""
        with self._turn:
            if self._size + len(text) > _MOST:
                self._too_many += 1
            elif not self._is_closed:
                self._texts.append(text)
                self._size += len(text)
                self._turn.notify_all()
        return len(text)

    def flush(self) -> None:
        """Nothing: whoever writes waits for nobody."""

    def drain(self, seconds: float) -> None:
        """Wait until all is written, or for so long."""
        with self._turn:
            self._turn.wait_for(lambda: not self._texts and not self._is_busy, seconds)

    def close(self, seconds: float) -> None:
        """End, once all is written or so much time has passed; what is written from then on is lost."""
        self.drain(seconds)
        with self._turn:
            self._is_closed = True
            self._texts.clear()
            self._turn.notify_all()

    def _run(self) -> None:
        failed = 0
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._texts or self._is_closed)
                if self._is_closed:
                    return
                texts, too_many = list(self._texts), self._too_many
                self._texts.clear()
                self._size, self._too_many, self._is_busy = 0, 0, True
            is_written = self._put("".join([self._told(failed), *texts, self._told(too_many)]))
            failed = 0 if is_written else failed + len(texts) + too_many
            with self._turn:
                self._is_busy = False
                self._turn.notify_all()

    def _told(self, lost: int) -> str:
        return self._of_lost(lost) if lost else ""


def _putting(stream: TextIO) -> Callable[[str], bool]:
    """Return what writes a text to a stream, past its buffer, and says whether it could: a buffer keeps what failed."""
    try:
        handle, encoding = stream.fileno(), stream.encoding
    except (OSError, ValueError):  # it is no file, as in a test
        return lambda text: _written(stream, text)
    return lambda text: _written_to(handle, text.encode(encoding, "backslashreplace"))


def _written(stream: TextIO, text: str) -> bool:
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _written_to(handle: int, data: bytes) -> bool:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(handle, rest) :]
        except BlockingIOError:  # somebody else has made it so
            select.select([], [handle], [])
        except OSError:
            return False
    return True
