"""`reconcile --watch`: the engine, its HTTP side and the service manager, until a signal tells it to stop."""

import queue
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from reconciler._version import __version__
from reconciler.compose.build import build_engine
from reconciler.compose.collector import Collector, rare_collections
from reconciler.compose.narrator import Narrator
from reconciler.compose.options import EngineOptions
from reconciler.compose.serve import build_server
from reconciler.compose.standby import start_in_turn
from reconciler.compose.systemd import ServiceManager
from reconciler.model.errors import StateLocked
from reconciler.report.story.daemon_event import DaemonEvent, Ready, Started, Stopped, Stopping
from reconciler.runtime.engine import Engine
from reconciler.runtime.telling.notify_socket import NotifySocket
from reconciler.web.server import WebServer

if TYPE_CHECKING:
    from reconciler.config.tree.ahead import Ahead

Item = DaemonEvent | signal.Signals | Literal["wound down"]
Items = queue.SimpleQueue[Item]
_SERVER_GRACE = 2.0
"""How long requests under way may take once everything else is down, in seconds, within the grace."""
_GLANCE = 0.5
"""How often the main thread turns without an item, in seconds: a signal that another thread took, or that came just
before the wait, wakes nobody."""


def run_daemon(
    options: EngineOptions,
    items: Items,
    say: Callable[[DaemonEvent], None],
    channel: NotifySocket | None = None,
    ahead: "Ahead | None" = None,
) -> int:
    """Run until one of `items` is SIGTERM or SIGINT; SIGHUP looks again.

    A daemon is the runner of its state directory, or does not start; with `standby` it waits until it may be. `ahead`
    has begun to read the directory. Returns 0, or 1 when something had to be forced at the end. `say` is called in this
    thread alone, so a slow reader of the output never holds the engine up. Raises ReconcileError when it cannot start.
    """
    narrator = Narrator(items.put)
    engine = build_engine(replace(options, role="runner"), narrator.listener(), ahead=ahead)
    narrator.attach(engine)
    manager = ServiceManager(channel or NotifySocket(None), engine.counts)
    if manager.within is not None:
        engine.heartbeat.listen(manager.beat, manager.within)
    server = build_server(engine, options)
    server.prepare()

    def tell(event: DaemonEvent) -> None:
        manager.say(event)
        say(event)

    try:
        with rare_collections() as collector:
            asked = start_in_turn(lambda: _start(engine, server), options, items, tell, manager.beat)
            if asked is not None:
                tell(Stopping(asked.name, options.grace))
                tell(Stopped(0.0))
                return 0
            server.start()
            known = len(engine.catalogue.ids())
            tell(Started(__version__, str(options.root), str(options.state_dir), known, server.url))
            told = _until_told(items, engine, server, manager, tell, collector)
            return _stop(engine, server, options.grace, told, items, tell)
    finally:
        server.stop(0.0)
        engine.stop(0.0)
        manager.close()


def _start(engine: Engine, server: WebServer) -> None:
    """Start the engine once the address is ours; what cannot be served initializes nothing."""
    server.reserve()
    try:
        engine.start()
    except StateLocked:  # whoever is the runner will want the address
        server.stop(0.0)
        raise


def _until_told(
    items: Items,
    engine: Engine,
    server: WebServer,
    manager: ServiceManager,
    tell: Callable[[DaemonEvent], None],
    collector: Collector,
) -> str:
    while True:
        item = _next(items, collector.glance)
        if item is signal.SIGHUP:
            manager.reload()
            engine.look("SIGHUP")
        elif isinstance(item, signal.Signals):
            return item.name
        elif not isinstance(item, str):
            tell(item)
            if isinstance(item, Ready):
                collector.started()
                server.load()


def _next(items: Items, glance: Callable[[], None] = lambda: None) -> Item:
    """Wait for what comes, turning now and then: Python runs signal handlers in this thread, and only as it turns."""
    while True:
        glance()
        with suppress(queue.Empty):
            return items.get(timeout=_GLANCE)


def _stop(
    engine: Engine, server: WebServer, grace: float, told: str, items: Items, tell: Callable[[DaemonEvent], None]
) -> int:
    """Take everything down; HTTP goes on answering meanwhile: not ready, and no more events."""
    began = time.monotonic()
    engine.begin_stop()
    tell(Stopping(told, grace))
    for_server = min(_SERVER_GRACE, grace / 5)
    _wind_down(engine, grace - for_server, items, tell)
    forced = engine.unfinished()
    if not server.stop(for_server):
        forced.append("HTTP requests")
    engine.stop(0.0)
    tell(Stopped(time.monotonic() - began, tuple(forced)))
    return 1 if forced else 0


def _wind_down(engine: Engine, grace: float, items: Items, tell: Callable[[DaemonEvent], None]) -> None:
    """Wind the engine down in another thread, and tell meanwhile what happens."""

    def wind_down() -> None:
        try:
            engine.wind_down(grace)
        finally:
            items.put("wound down")

    threading.Thread(target=wind_down, name="reconcile-stop", daemon=True).start()
    while (item := _next(items)) != "wound down":
        if not isinstance(item, signal.Signals | str):
            tell(item)
