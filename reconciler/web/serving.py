"""One uvicorn server for one listener: what takes long to import, and nothing needs before requests are answered."""

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from reconciler.runtime.api import EngineView
from reconciler.web.entrance import Entrance
from reconciler.web.options import WebOptions
from reconciler.web.protocol import bounded_protocol

if TYPE_CHECKING:
    from reconciler.web.http_metrics import HttpMetrics


class Server(uvicorn.Server):
    """uvicorn's server, which is told when to end: by itself it looks ten times a second, and daemons idle for days."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def end(self) -> None:
        """Take no more connections, and end; called on its loop."""
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        """Keep the date of answers right, to the second, until it is time to end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)


def http_server(engine: EngineView, options: WebOptions, metrics: "HttpMetrics") -> Server:
    """Return a server of `engine`, bounded by the limits of `options`; it is given its listener when it serves."""
    limits = options.limits
    chatter = logging.getLogger("uvicorn.error")
    if chatter.level == logging.NOTSET:  # a host that runs uvicorn itself has set it
        chatter.setLevel(logging.ERROR)
    config = uvicorn.Config(
        Entrance(engine, options, metrics),
        http=bounded_protocol(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.connections,
        backlog=512,
        timeout_keep_alive=limits.keep_alive,
        h11_max_incomplete_event_size=limits.head,
    )
    return Server(config)
