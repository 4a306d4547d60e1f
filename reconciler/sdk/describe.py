"""What a class that is registered directly says of itself, as a descriptor: the manifest of those without a package."""

import re
from typing import Any

from reconciler.model.descriptor import Descriptor, EventDeclaration, RouteDeclaration, ScheduleDeclaration
from reconciler.model.errors import RegistrationError
from reconciler.sdk.integration import Integration

_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?\Z")


def describe_class(cls: type[Integration]) -> Descriptor:
    """Return the descriptor of an integration class, its schema generated from `Settings`.

    Raises RegistrationError when the class has no usable `integration_id` or `Settings`.
    """
    if not (isinstance(cls, type) and issubclass(cls, Integration)):
        raise RegistrationError(f"{getattr(cls, '__qualname__', repr(cls))} is not a subclass of Integration")
    key = getattr(cls, "integration_id", None)
    if not isinstance(key, str) or not _ID.match(key):
        raise RegistrationError(f"{cls.__qualname__}: integration_id must be [a-z0-9] with . _ - between, not {key!r}")
    return Descriptor(
        id=key,
        name=cls.name or cls.__name__.removesuffix("Integration") or key,
        description=cls.description,
        events=tuple(EventDeclaration(event) for event in cls.events),
        routes=tuple(RouteDeclaration(path) for path in cls.routes),
        schedules=tuple(ScheduleDeclaration(name) for name in cls.schedules),
        schema=_schema(cls),
    )


def _schema(cls: type[Integration]) -> dict[str, Any]:
    if cls.Settings is None:
        return {"type": "object"}
    if not hasattr(cls.Settings, "model_json_schema"):
        found = getattr(cls.Settings, "__qualname__", repr(cls.Settings))
        raise RegistrationError(f"{cls.__qualname__}: Settings must be a pydantic model (a BaseModel), not {found}")
    try:
        return cls.Settings.model_json_schema()
    except Exception as error:
        raise RegistrationError(f"{cls.__qualname__}: no JSON Schema can be made of Settings: {error}") from error
