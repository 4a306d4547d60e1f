"""One uvicorn server for one listener: what takes long to import, and nothing needs before requests are answered."""

import logging
from typing import TYPE_CHECKING

import uvicorn

from reconciler.runtime.api import EngineView
from reconciler.web.entrance import Entrance
from reconciler.web.options import WebOptions
from reconciler.web.protocol import bounded_protocol

if TYPE_CHECKING:
    from reconciler.web.http_metrics import HttpMetrics


def http_server(engine: EngineView, options: WebOptions, metrics: "HttpMetrics") -> uvicorn.Server:
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
    return uvicorn.Server(config)
