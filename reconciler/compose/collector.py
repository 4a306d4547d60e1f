"""When the daemon's process collects cycles: not while it starts, and seldom afterwards.

A start makes a million objects that stay, and every collection would walk through them. The process is the daemon's
own; an embedding host decides for itself.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 30.0
"""How long nothing is collected at most, in seconds: a first pass may wait for an integration that hangs."""


class Collector:
    """Switches the collector off, until the start is over or has taken too long."""

    def __init__(self) -> None:
        gc.disable()
        self._began = time.monotonic()
        self._is_off = True

    def glance(self) -> None:
        """Called now and then by the thread that waits for something to do."""
        if self._is_off and time.monotonic() - self._began > _LONGEST:
            self._is_off = False
            gc.enable()

    def started(self) -> None:
        """The first pass has ended: what it made lives on, and later collections need not walk through it."""
        gc.freeze()
        self._is_off = False
        gc.enable()


@contextmanager
def rare_collections() -> Iterator[Collector]:
    """Collect as a daemon should, and as before at the end."""
    before, was_enabled = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield Collector()
    finally:
        gc.set_threshold(*before)
        if was_enabled:
            gc.enable()
