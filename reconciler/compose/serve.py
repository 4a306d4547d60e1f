"""Builds the HTTP side of an engine: TCP where it is asked for, and always the Unix socket."""

from reconciler.compose.options import EngineOptions
from reconciler.model.errors import ReconcileError
from reconciler.model.secret import Secret
from reconciler.runtime.engine import Engine
from reconciler.web.options import WebOptions, check_listen, parse_listen
from reconciler.web.server import WebServer


def build_server(engine: Engine, options: EngineOptions) -> WebServer:
    """Return a server that is not started yet; raises ReconcileError when it may not listen as asked."""
    host, port = parse_listen(options.listen) if options.listen else (None, 0)
    token = _token(options)
    check_listen(host, token)
    return WebServer(engine, WebOptions(host, port, token, options.allowed_hosts, options.state_dir))


def _token(options: EngineOptions) -> Secret | None:
    if options.token_file is None:
        return None
    try:
        return Secret(options.token_file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        why = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
        raise ReconcileError(f"--token-file {options.token_file}: cannot be read: {why}") from error
