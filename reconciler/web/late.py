"""An ASGI application that is made when it is first needed: to import it takes longer than a daemon should wait."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class LateApplication:
    """Passes requests on to what `make` returns, which is called in a thread of its own; all else, on one loop."""

    def __init__(self, make: "Callable[[], ASGIApp]") -> None:
        self._make = make
        self._app: ASGIApp | None = None
        self._making: Future[ASGIApp] | None = None

    async def load(self) -> "ASGIApp":
        """Return the application. Who comes while it is made waits with the others; where that fails, so do they.

        Raises what `make` raised. Whoever comes then has it tried again.
        """
        if self._app is None:
            if self._making is None or self._making.done():
                self._making = _in_thread(self._make)
            self._app = await asyncio.wrap_future(self._making)
        return self._app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request."""
        app = await self.load()
        await app(scope, receive, send)


def _in_thread(make: "Callable[[], ASGIApp]") -> "Future[ASGIApp]":
    """Begin `make` in a daemon thread: one that hangs on a disk keeps neither loop nor process from ending."""
    made: Future[ASGIApp] = Future()
    made.set_running_or_notify_cancel()  # one request that is given up does not cancel it for the others

    def run() -> None:
        try:
            made.set_result(make())
        except BaseException as error:  # noqa: BLE001 — raised by who waits
            made.set_exception(error)

    threading.Thread(target=run, name="reconcile-import", daemon=True).start()
    return made
