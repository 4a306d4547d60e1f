"""What is known of an integration without running its code: its manifest and its settings schema."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class RouteDeclaration(Struct, frozen=True):
    """An HTTP route that the integration may open, beneath `/hooks/<integration>/`."""

    path: str
    methods: tuple[str, ...] = ("POST",)
    description: str = ""


class ScheduleDeclaration(Struct, frozen=True):
    """A schedule that the integration may start."""

    name: str
    description: str = ""


class EventDeclaration(Struct, frozen=True):
    """An event type that the integration takes where a configuration lists none."""

    type: str
    description: str = ""


class Descriptor(Struct, frozen=True):
    """An integration's manifest.

    `schema` is its settings schema as published (JSON Schema), None until it is read; `ignored_settings` maps a
    setting to the other setting that makes the service ignore it (a warning of validation), with a reason.
    `ignored_message` is why a configuration's `message` has no effect (a warning as well); empty where it has one.
    """

    id: str
    name: str
    description: str = ""
    icon: str = ""
    events: tuple[EventDeclaration, ...] = ()
    routes: tuple[RouteDeclaration, ...] = ()
    schedules: tuple[ScheduleDeclaration, ...] = ()
    exclusive: tuple[str, ...] = ()
    ignored_settings: tuple["IgnoredSetting", ...] = ()
    schema: Mapping[str, Any] | None = None
    ignored_message: str = ""


class IgnoredSetting(Struct, frozen=True):
    """`setting` has no effect while `when_present` is set, for `reason`: validation warns."""

    setting: str
    when_present: str
    reason: str
