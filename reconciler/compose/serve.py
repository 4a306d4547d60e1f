"""Builds the HTTP side of an engine: TCP where it is asked for, and always the Unix socket."""

from reconciler.compose.options import EngineOptions
from reconciler.compose.token import read_token
from reconciler.runtime.engine import Engine
from reconciler.web.options import WebOptions, check_listen, parse_listen
from reconciler.web.server import WebServer


def build_server(engine: Engine, options: EngineOptions) -> WebServer:
    """Return a server that is not started yet; raises ReconcileError when it may not listen as asked."""
    host, port = parse_listen(options.listen) if options.listen else (None, 0)
    token = read_token(options.token_file) if options.token_file is not None else None
    check_listen(host, token)
    return WebServer(engine, WebOptions(host, port, token, options.allowed_hosts, options.state_dir))
