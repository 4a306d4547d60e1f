"""reconcile: integrations as code. Names are loaded when they are first used (PEP 562), so importing costs nothing."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reconciler._version import __version__

if TYPE_CHECKING:
    from reconciler.compose.manager import IntegrationManager
    from reconciler.model.errors import ReconcileError
    from reconciler.model.event import Event

__all__ = ["Event", "IntegrationManager", "ReconcileError", "__version__"]

_HOMES = {
    "Event": "reconciler.model.event",
    "IntegrationManager": "reconciler.compose.manager",
    "ReconcileError": "reconciler.model.errors",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
