"""Runs the application: one daemon thread with a loop of its own, one listener on TCP and one on the Unix socket."""

import asyncio
import contextlib
import logging
import socket
import threading
from concurrent.futures import Future
from importlib import import_module
from typing import TYPE_CHECKING, Final

import msgspec

from reconciler.model.errors import ReconcileError
from reconciler.runtime.api import EngineView
from reconciler.web.options import WebOptions, check_listen
from reconciler.web.sockets import SOCKET_NAME, bind_tcp, bind_unix

if TYPE_CHECKING:
    from reconciler.web.http_metrics import HttpMetrics
    from reconciler.web.serving import Server

log = logging.getLogger(__name__)
_START_SECONDS = 30.0
_BREATH = 0.05
"""How long loading waits, in seconds: whoever asks whether this is ready gets the interpreter first."""
_SERVING: Final = "reconciler.web.serving"


class WebServer:
    """Serves one engine, from `start` to `stop`; both are called from outside its loop."""

    def __init__(self, engine: EngineView, options: WebOptions) -> None:
        self._engine = engine
        self._options = options
        self._listeners: list[tuple[socket.socket, WebOptions]] = []
        self._servers: list[Server] = []
        self._metrics: HttpMetrics | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loading: asyncio.Task[None] | None = None
        self._importing: threading.Thread | None = None
        self._started: Future[None] = Future()
        self._inode: int | None = None
        self.port = 0
        """The TCP port, once started; 0 without TCP."""

    @property
    def url(self) -> str | None:
        """Where TCP is served, once started; None without TCP."""
        host = self._options.host
        if host is None:
            return None
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def reserve(self) -> None:
        """Take the TCP address, if there is to be one: before anything runs that would have to be stopped again.

        Who connects from now on waits for `start`. Raises ReconcileError when the address cannot be had.
        """
        host, port = self._options.host, self._options.port
        if host is not None and not self._listeners:
            listener = bind_tcp(host, port)
            self._listeners.append((listener, self._options))
            self.port = listener.getsockname()[1]

    def prepare(self) -> None:
        """Begin to import what serving takes, in a thread of its own: for who waits for a disk until `start`."""
        self._importing = threading.Thread(target=import_module, args=(_SERVING,), name="reconcile-import", daemon=True)
        self._importing.start()

    def start(self) -> None:
        """Bind, in the caller's thread, then serve in another; returns when requests are answered.

        Raises ReconcileError when an address cannot be had, or a network address has no token.
        """
        options = self._options
        check_listen(options.host, options.token)
        if self._importing is not None:
            self._importing.join()
        from reconciler.web.http_metrics import HttpMetrics
        from reconciler.web.serving import http_server

        with contextlib.ExitStack() as undo:
            undo.callback(self._close_sockets)
            self._bind()
            self._metrics = metrics = HttpMetrics(self._engine.instruments)
            undo.callback(self._close_metrics)
            self._servers = [http_server(self._engine, options, metrics) for _, options in self._listeners]
            self._thread = threading.Thread(target=self._run, name="reconcile-web", daemon=True)
            self._thread.start()
            self._started.result(_START_SECONDS)
            undo.pop_all()

    def load(self) -> None:
        """Begin to load what answers all but the probes, so that no request waits for it: once the engine is ready."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._begin_loading)

    def stop(self, grace: float = 5.0) -> bool:
        """Take no more connections, and let what is under way end within `grace` seconds; False when it did not."""
        if self._thread is None:
            self._close_sockets()
            return True
        for server in self._servers:
            server.config.timeout_graceful_shutdown = max(0, grace)  # type: ignore[assignment]  # it takes fractions
            server.should_exit = True
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # it has ended
                    self._loop.call_soon_threadsafe(server.end)
        self._thread.join(grace + 2.0)
        ended = not self._thread.is_alive()
        self._thread = None
        self._close_sockets()
        self._close_metrics()
        return ended

    def _bind(self) -> None:
        options = self._options
        self.reserve()
        if options.state_dir is not None:
            listener = bind_unix(options.state_dir)
            self._inode = (options.state_dir / SOCKET_NAME).lstat().st_ino
            self._listeners.append((listener, msgspec.structs.replace(options, trusted=True)))

    def _run(self) -> None:
        try:
            factory = self._servers[0].config.get_loop_factory() if self._servers else None
            with asyncio.Runner(loop_factory=factory) as runner:
                runner.run(self._serve())
        except BaseException as error:  # the thread ends either way
            if not self._started.done():
                self._started.set_exception(ReconcileError(f"the web server did not start: {error}"))
            else:
                log.exception("the web server ended")

    def _begin_loading(self) -> None:
        self._loading = asyncio.ensure_future(self._load())

    async def _load(self) -> None:
        from reconciler.web.entrance import Entrance

        await asyncio.sleep(_BREATH)
        try:
            for server in self._servers:
                assert isinstance(server.config.app, Entrance)
                await server.config.app.load()
        except Exception as error:  # noqa: BLE001 — a request has it tried again, and answered with what is wrong
            log.warning("the HTTP API is not loaded, and is tried again with the first request: %s", error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        serving = [
            asyncio.ensure_future(server.serve([listener]))
            for server, (listener, _) in zip(self._servers, self._listeners, strict=True)
        ]
        while not all(server.started for server in self._servers) and not any(task.done() for task in serving):  # noqa: ASYNC110 — a flag is all uvicorn tells
            await asyncio.sleep(0.005)
        self._started.set_result(None)
        await asyncio.gather(*serving)

    def _close_metrics(self) -> None:
        metrics, self._metrics = self._metrics, None
        if metrics is not None:
            metrics.close()

    def _close_sockets(self) -> None:
        for listener, _ in self._listeners:
            listener.close()
        self._listeners = []
        if self._options.state_dir is not None and self._inode is not None:
            path = self._options.state_dir / SOCKET_NAME
            with contextlib.suppress(OSError):  # another process may have put its own there since
                if path.lstat().st_ino == self._inode:
                    path.unlink()
