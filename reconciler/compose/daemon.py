"""`reconcile --watch`: the engine, its HTTP side and the signals, until it is told to stop."""

import gc
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from reconciler._version import __version__
from reconciler.compose.build import build_engine
from reconciler.compose.narrator import Narrator
from reconciler.compose.options import EngineOptions
from reconciler.compose.serve import build_server
from reconciler.report.daemon_event import DaemonEvent, Ready, Started, Stopped, Stopping
from reconciler.runtime.engine import Engine

_Item = DaemonEvent | signal.Signals


def run_daemon(options: EngineOptions, say: Callable[[DaemonEvent], None]) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP looks again; a second SIGTERM ends at once.

    Returns 0, or 1 when something had to be abandoned at the end. `say` is called in this thread alone, so a slow
    reader of the output never holds the engine up. Raises ReconcileError when it cannot start.
    """
    items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    narrator = Narrator(items.put)
    engine = build_engine(options, narrator.listener())
    narrator.attach(engine)
    with _signals(items), _rare_collections():
        server = build_server(engine, options)
        try:
            engine.start()
            server.start()
            say(
                Started(__version__, str(options.root), str(options.state_dir), len(engine.catalogue.ids()), server.url)
            )
            told = _until_told(items, engine, say)
            return _stop(engine, server.stop, options.grace, told, items, say)
        finally:
            server.stop(0.0)
            engine.stop(0.0)


def _until_told(items: "queue.SimpleQueue[_Item]", engine: Engine, say: Callable[[DaemonEvent], None]) -> str:
    while True:
        item = items.get()
        if not isinstance(item, signal.Signals):
            say(item)
            if isinstance(item, Ready):
                gc.freeze()  # what the first pass made lives on: later collections need not walk through it
        elif item is signal.SIGHUP:
            engine.look("SIGHUP")
        else:
            return item.name


def _stop(
    engine: Engine,
    stop_server: Callable[[float], bool],
    grace: float,
    told: str,
    items: "queue.SimpleQueue[_Item]",
    say: Callable[[DaemonEvent], None],
) -> int:
    began = time.monotonic()
    say(Stopping(told, grace))
    engine.begin_stop()
    stop_server(min(5.0, grace / 4))
    clean = engine.stop(max(1.0, grace - (time.monotonic() - began)))
    while not items.empty():
        item = items.get()
        if not isinstance(item, signal.Signals):
            say(item)
    say(Stopped(time.monotonic() - began, () if clean else tuple(engine.unfinished())))
    return 0 if clean else 1


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collect cycles seldom: a start makes a million objects that stay, and every collection would walk through them.

    The process is the daemon's own; an embedding host decides for itself.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _signals(items: "queue.SimpleQueue[_Item]") -> Iterator[None]:
    """Put signals among the items; the second one that asks for the end ends the process at once."""
    asked = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        name = signal.Signals(number)
        if name is not signal.SIGHUP:
            if asked:
                os._exit(1)
            asked = True
        items.put(name)

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
