"""The signals of the daemon: put among the items that its main thread reads, so that nothing runs in a handler.

Entered before the heavy imports, so that a signal during start-up is one to obey, not a sudden death.
"""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_AT_ONCE = b"stopped at once, by a second signal: what was under way is left to the next start\n"


@contextmanager
def caught(put: Callable[[signal.Signals], None]) -> Iterator[None]:
    """Hand SIGHUP, SIGTERM and SIGINT to `put`; the second that asks for the end ends the process, with exit code 1.

    Called in the main thread alone, as Python demands.
    """
    asked = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        name = signal.Signals(number)
        if name is not signal.SIGHUP:
            if asked:
                if select.select([], [2], [], 0)[1]:  # nobody may read it any more
                    os.write(2, _AT_ONCE)  # not through the stream: another thread may hold its lock
                os._exit(1)
            asked = True
        put(name)

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
