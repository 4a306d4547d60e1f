"""`reconcile --watch --standby`: waits while another runner holds the state directory, then starts in its place."""

import queue
import signal
import time
from collections.abc import Callable
from typing import Any

from reconciler.compose.options import EngineOptions
from reconciler.model.errors import StateLocked
from reconciler.report.story.daemon_event import DaemonEvent, StandingBy
from reconciler.runtime.state.lock import RunnerLock

PERIOD = 0.5
"""How often the lock is tried, in seconds."""


def start_in_turn(
    start: Callable[[], None],
    options: EngineOptions,
    items: "queue.SimpleQueue[Any]",
    say: Callable[[DaemonEvent], None],
    beat: Callable[[], None] = lambda: None,
) -> signal.Signals | None:
    """Call `start` once this may be the runner; returns the signal that asked for the end of the waiting, or None.

    `beat` is called as long as it waits: somebody may want to know that this still lives. Raises StateLocked where
    `options.standby` does not say to wait.
    """
    lock = RunnerLock(options.state_dir)
    told = False
    while True:
        try:
            lock.acquire()
            lock.release()
            start()
        except StateLocked:
            if not options.standby:
                raise
        else:
            return None
        if not told:
            say(StandingBy(str(options.state_dir), lock.holder()))
            told = True
        beat()
        asked = _asked_to_end(items, time.monotonic() + PERIOD)
        if asked is not None:
            return asked


def _asked_to_end(items: "queue.SimpleQueue[Any]", until: float) -> signal.Signals | None:
    """Wait until `until` (monotonic) or a signal that asks for the end; a look again has nothing to look at yet."""
    while (left := until - time.monotonic()) > 0:
        try:
            item = items.get(timeout=left)
        except queue.Empty:
            return None
        if isinstance(item, signal.Signals) and item is not signal.SIGHUP:
            return item
    return None
