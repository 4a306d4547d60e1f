"""What is known of an integration without running its code: its manifest and its settings schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RouteDeclaration:
    """An HTTP route that the integration may open, beneath `/hooks/<integration>/`."""

    path: str
    methods: tuple[str, ...] = ("POST",)
    description: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleDeclaration:
    """A schedule that the integration may start."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class EventDeclaration:
    """An event type that the integration takes where a configuration lists none."""

    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """An integration's manifest.

    `schema` is its settings schema as published (JSON Schema), None until it is read; `ignored_settings` maps a
    setting to the other setting that makes the service ignore it (a warning of validation), with a reason.
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
    schema: Mapping[str, Any] | None = field(default=None, compare=False, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class IgnoredSetting:
    """`setting` has no effect while `when_present` is set, for `reason`: validation warns."""

    setting: str
    when_present: str
    reason: str
