"""Builds an engine out of its parts: the one place that knows which implementation stands behind each port."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.compose.catalogue import build_catalogue
from reconciler.compose.judges import build_judges
from reconciler.compose.options import EngineOptions
from reconciler.core.plan.guard import PruneLimit
from reconciler.model.errors import ReconcileError
from reconciler.model.ports import Clock
from reconciler.runtime.assembly import Tools
from reconciler.runtime.clock import SystemClock
from reconciler.runtime.engine import Engine
from reconciler.runtime.engine_settings import EngineSettings
from reconciler.runtime.listener import Listener
from reconciler.runtime.state.state_directory import Wish

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from reconciler.config.catalogue import Catalogue
    from reconciler.config.tree.ahead import Ahead
    from reconciler.sdk.http import HttpClient


def build_engine(
    options: EngineOptions,
    listener: Listener | None = None,
    *,
    clock: Clock | None = None,
    catalogue: "Catalogue | None" = None,
    watch: bool = True,
    deliver: bool = True,
    host_loop: "AbstractEventLoop | None" = None,
    ahead: "Ahead | None" = None,
) -> Engine:
    """Return an engine that is not started yet. Raises ReconcileError for an option that makes no sense."""
    try:
        limit = PruneLimit.parse(options.prune_limit)
    except ValueError as error:
        raise ReconcileError(str(error)) from error
    role = _wish(options.role)
    settings = EngineSettings(options.root, options.state_dir, limit, watch, deliver, role, options.defer)
    tools = replace(build_tools(options, clock or SystemClock(), catalogue), host_loop=host_loop)
    if ahead is not None:
        tools = replace(tools, read_ahead=ahead.take)
    return Engine(settings, tools, listener)


def _wish(text: str) -> Wish:
    try:
        return Wish(text)
    except ValueError as error:
        raise ReconcileError(f"a role is {', '.join(Wish)}, not {text!r}") from error


def build_tools(options: EngineOptions, clock: Clock, catalogue: "Catalogue | None" = None) -> Tools:
    """Return the catalogue, validation, secrets and network access that `options` describe."""
    known = catalogue if catalogue is not None else build_catalogue(options.integrations)
    secrets, validator = build_judges(options, known)
    return Tools(
        known,
        validator,
        secrets,
        _http_factory(options),
        clock,
        ages=options.ages,
        together_from=options.together_from,
    )


def _http_factory(options: EngineOptions) -> "Callable[[str], HttpClient]":
    try:
        allow = tuple(ip_network(text) for text in options.allow_network)
        deny = tuple(ip_network(text) for text in options.deny_network)
    except ValueError as error:
        raise ReconcileError(f"a network is written as 10.0.0.0/8 or fd00::/8: {error}") from error

    def make(integration_id: str) -> "HttpClient":
        from reconciler.sdk.http import HttpClient
        from reconciler.sdk.network import NetworkPolicy

        return HttpClient(policy=NetworkPolicy(allow=allow, deny=deny), user_agent=f"reconcile ({integration_id})")

    return make
