"""One JSON Schema for editors: the envelope, and for each integration its settings, in what draft-07 also has."""

from collections.abc import Mapping
from typing import Any

from reconciler.config.catalogue import Catalogue
from reconciler.config.envelope import envelope_schema
from reconciler.config.schema import for_files
from reconciler.model.errors import RegistrationError

_RENAMED = {"$defs": "definitions"}


def build_bundle(catalogue: Catalogue) -> dict[str, Any]:
    """Return the bundle for yaml-language-server; an integration whose files make no sense is left out."""
    bundle = _downgrade(envelope_schema(), "")
    bundle["$schema"] = "http://json-schema.org/draft-07/schema#"
    bundle["properties"]["integration"]["enum"] = catalogue.ids()
    branches = []
    for name in catalogue.ids():
        try:
            descriptor = catalogue.descriptor(name)
        except RegistrationError:
            continue
        branches.append(
            {
                "if": {"properties": {"integration": {"const": name}}, "required": ["integration"]},
                "then": {"properties": {"settings": {"$ref": f"#/definitions/settings-{name}"}}},
            }
        )
        settings = for_files(descriptor.schema or {}, allow_plaintext=False)
        settings.pop("$schema", None)
        base = f"#/definitions/settings-{name}"
        bundle["definitions"][f"settings-{name}"] = {
            "description": descriptor.description,
            **_downgrade(settings, base),
        }
    bundle["allOf"] = branches
    return bundle


def _downgrade(value: Any, base: str) -> Any:
    """Rewrite what draft-07 spells differently; `base` is where the schema stands in the bundle."""
    if isinstance(value, list):
        return [_downgrade(item, base) for item in value]
    if not isinstance(value, Mapping):
        return value
    done: dict[str, Any] = {}
    for key, item in value.items():
        if key == "$ref" and isinstance(item, str):
            done[key] = (base or "#") + item.removeprefix("#").replace("/$defs/", "/definitions/")
        elif key == "prefixItems":
            done["items"] = _downgrade(item, base)
            done["additionalItems"] = _downgrade(value.get("items", True), base)
        elif key == "items" and "prefixItems" in value:
            continue
        elif key == "dependentRequired":
            done.setdefault("dependencies", {}).update(item)
        elif key == "dependentSchemas":
            done.setdefault("dependencies", {}).update(_downgrade(item, base))
        else:
            done[_RENAMED.get(key, key)] = _downgrade(item, base)
    return done
