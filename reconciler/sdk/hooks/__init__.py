"""The hooks that authors use, and the base of their own."""

from reconciler.sdk.hooks.base import Hook, HookOwner, HookSet
from reconciler.sdk.hooks.event import EventHook
from reconciler.sdk.hooks.panel import PanelHook
from reconciler.sdk.hooks.resource import ResourceHook
from reconciler.sdk.hooks.route import RouteHook
from reconciler.sdk.hooks.schedule import ScheduleHook
from reconciler.sdk.hooks.signal import SignalHook
from reconciler.sdk.hooks.task import TaskHook

__all__ = [
    "EventHook", "Hook", "HookOwner", "HookSet", "PanelHook", "ResourceHook", "RouteHook", "ScheduleHook", "SignalHook",
    "TaskHook",
]  # fmt: skip
