"""All that an author of an integration imports; names are loaded when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.model.errors import (
        DeadlineExceeded,
        HookConflict,
        HookError,
        HookSetClosed,
        IntegrationError,
        NetworkRefused,
        ReconcileError,
        SecretError,
        SecretMissing,
        TerminalError,
        TransientError,
        UndeclaredHook,
    )
    from reconciler.model.event import Event
    from reconciler.model.message import Field, Level, Message
    from reconciler.model.ports import HookHost, Request, Response, StopReason, Where
    from reconciler.model.secret import Secret
    from reconciler.sdk.config import IntegrationConfig
    from reconciler.sdk.hooks.base import Hook
    from reconciler.sdk.hooks.event import EventHook
    from reconciler.sdk.hooks.panel import PanelHook
    from reconciler.sdk.hooks.resource import ResourceHook
    from reconciler.sdk.hooks.route import RouteHook
    from reconciler.sdk.hooks.schedule import ScheduleHook
    from reconciler.sdk.hooks.signal import SignalHook
    from reconciler.sdk.hooks.task import TaskHook
    from reconciler.sdk.http import ClientCertificate, HttpClient, HttpResponse, raise_for_delivery, retry_after
    from reconciler.sdk.integration import Integration
    from reconciler.sdk.message import plain_message, render_message, render_template
    from reconciler.sdk.signatures import HmacVerifier, StandardWebhooksVerifier, TokenVerifier, unsigned

_HOMES = {
    "reconciler.model.errors": (
        "DeadlineExceeded", "HookConflict", "HookError", "HookSetClosed", "IntegrationError", "NetworkRefused",
        "ReconcileError", "SecretError", "SecretMissing", "TerminalError", "TransientError", "UndeclaredHook",
    ),
    "reconciler.model.event": ("Event",),
    "reconciler.model.message": ("Field", "Level", "Message"),
    "reconciler.model.ports": ("HookHost", "Request", "Response", "StopReason", "Where"),
    "reconciler.model.secret": ("Secret",),
    "reconciler.sdk.config": ("IntegrationConfig",),
    "reconciler.sdk.hooks.base": ("Hook",),
    "reconciler.sdk.hooks.event": ("EventHook",),
    "reconciler.sdk.hooks.panel": ("PanelHook",),
    "reconciler.sdk.hooks.resource": ("ResourceHook",),
    "reconciler.sdk.hooks.route": ("RouteHook",),
    "reconciler.sdk.hooks.schedule": ("ScheduleHook",),
    "reconciler.sdk.hooks.signal": ("SignalHook",),
    "reconciler.sdk.hooks.task": ("TaskHook",),
    "reconciler.sdk.http": ("ClientCertificate", "HttpClient", "HttpResponse", "raise_for_delivery", "retry_after"),
    "reconciler.sdk.integration": ("Integration",),
    "reconciler.sdk.message": ("plain_message", "render_message", "render_template"),
    "reconciler.sdk.signatures": ("HmacVerifier", "StandardWebhooksVerifier", "TokenVerifier", "unsigned"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ClientCertificate", "DeadlineExceeded", "Event", "EventHook", "Field", "HmacVerifier", "Hook", "HookConflict",
    "HookError", "HookHost", "HookSetClosed", "HttpClient", "HttpResponse", "Integration", "IntegrationConfig",
    "IntegrationError", "Level", "Message", "NetworkRefused", "PanelHook", "ReconcileError", "Request",
    "ResourceHook", "Response", "RouteHook", "ScheduleHook", "Secret", "SecretError", "SecretMissing", "SignalHook",
    "StandardWebhooksVerifier", "StopReason", "TaskHook", "TerminalError", "TokenVerifier", "TransientError",
    "UndeclaredHook", "Where", "plain_message", "raise_for_delivery", "render_message", "render_template",
    "retry_after", "unsigned",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
