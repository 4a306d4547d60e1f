"""Reads `manifest.json` and `schema.json` of an integration's package into a descriptor. Imports none of its code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reconciler.core.claims import names_in
from reconciler.model.descriptor import (
    Descriptor,
    EventDeclaration,
    IgnoredSetting,
    RouteDeclaration,
    ScheduleDeclaration,
)
from reconciler.model.errors import RegistrationError

_LARGEST: Final = 1024 * 1024


def read_descriptor(integration_id: str, folder: Path) -> tuple[Descriptor, str]:
    """Return an integration's descriptor, its schema included, and where its class is (`module:Class`, or empty).

    Raises RegistrationError, naming the file and what is wrong with it.
    """
    manifest = _read(folder / "manifest.json")
    _check(manifest, folder / "manifest.json")
    if manifest["id"] != integration_id:
        raise RegistrationError(
            f"{folder / 'manifest.json'}: its id is {manifest['id']!r}, but its entry point is named {integration_id!r}"
        )
    schema = _read(folder / "schema.json")
    try:
        _check_claims(manifest, schema)
    except ValueError as error:
        raise RegistrationError(f"{folder / 'manifest.json'}: {error}") from None
    return _descriptor(manifest, schema), manifest.get("class", "")


def _descriptor(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> Descriptor:
    return Descriptor(
        id=manifest["id"],
        name=manifest["name"],
        description=manifest.get("description", ""),
        icon=manifest.get("icon", ""),
        events=tuple(EventDeclaration(**item) for item in manifest.get("events", ())),
        routes=tuple(
            RouteDeclaration(item["path"], tuple(item.get("methods", ("POST",))), item.get("description", ""))
            for item in manifest.get("routes", ())
        ),
        schedules=tuple(ScheduleDeclaration(**item) for item in manifest.get("schedules", ())),
        exclusive=tuple(manifest.get("exclusive", ())),
        ignored_settings=tuple(IgnoredSetting(**item) for item in manifest.get("ignored_settings", ())),
        schema=schema,
        ignored_message=manifest.get("ignored_message", ""),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        value = json.loads(data) if len(data) <= _LARGEST else None
    except OSError as error:
        raise RegistrationError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RegistrationError(f"{path}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RegistrationError(f"{path}: expected a JSON object of at most {_LARGEST} bytes")
    return value


def _check(manifest: dict[str, Any], path: Path) -> None:
    import jsonschema_rs

    schema = json.loads(Path(__file__).with_name("manifest.schema.json").read_bytes())
    error = next(iter(jsonschema_rs.iter_errors(schema, manifest)), None)
    if error is not None:
        place = "/".join(str(part) for part in error.instance_path)
        raise RegistrationError(f"{path}: {place + ': ' if place else ''}{error.message}")


def _check_claims(manifest: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuse what is declared twice, and templates that name what is no setting; raises ValueError."""
    routes = [
        (method, item["path"].strip("/"))
        for item in manifest.get("routes", ())
        for method in item.get("methods", ("POST",))
    ]
    schedules = [item["name"] for item in manifest.get("schedules", ())]
    for what, declared in (("route", [" ".join(route) for route in routes]), ("schedule", schedules)):
        for one in declared:
            if declared.count(one) > 1:
                raise ValueError(f"the {what} {one!r} is declared twice")
    known = schema.get("properties", {})
    for template in (*(item["path"] for item in manifest.get("routes", ())), *manifest.get("exclusive", ())):
        for name in names_in(template):
            described = known.get(name.partition(".")[0])
            if not isinstance(described, dict) or described.get("writeOnly"):
                raise ValueError(f"{template!r}: {name!r} is no setting of schema.json that may be shown")
