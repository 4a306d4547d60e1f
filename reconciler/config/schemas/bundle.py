"""One JSON Schema for editors: the envelope, and for each integration its settings, in what draft-07 also has.

`reconcile schema` writes it for yaml-language-server. It is for completion and squiggles; the verdict is
`validation.py`'s. Pure but for what the catalogue reads.
"""

from collections.abc import Mapping
from typing import Any, Final

from reconciler.config.catalogue import Catalogue
from reconciler.config.schemas.editor import for_editors
from reconciler.config.schemas.envelope import envelope_schema
from reconciler.config.schemas.exclusive import with_exclusions
from reconciler.config.schemas.files import for_files
from reconciler.config.schemas.patterns import with_patterns, with_reference_patterns
from reconciler.config.schemas.schema import check_schema
from reconciler.config.schemas.walk import REFERENCES, Schema, rebuild
from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import RegistrationError

_UNKNOWN: Final = frozenset(
    {
        "$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "minContains", "maxContains",
        "unevaluatedItems", "unevaluatedProperties", "contentSchema", *REFERENCES,
    }
)  # fmt: skip
"""What draft-07 does not have, and what is written anew."""
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_MOVED: Final = {"$defs": "definitions", "dependentSchemas": "dependencies", "prefixItems": "items"}


def build_bundle(catalogue: Catalogue) -> dict[str, Any]:
    """Return the bundle; an integration whose files make no sense is named, and its settings are not described."""
    bundle = _downgrade(with_patterns(envelope_schema()), "#")
    definitions = bundle.setdefault("definitions", {})
    bundle["properties"]["integration"]["enum"] = catalogue.ids()
    branches = []
    descriptors = []
    for name in catalogue.ids():
        try:
            descriptor = catalogue.descriptor(name)
            check_schema(descriptor.schema or {})
        except RegistrationError:
            descriptors.append(Descriptor(name, name, schema={}))
            continue
        descriptors.append(descriptor)
        key = f"settings-{name}"
        settings = for_files(with_exclusions(descriptor.schema or {}), allow_plaintext=False)
        settings = with_reference_patterns(settings)
        definitions[key] = {"description": descriptor.description, **_downgrade(settings, f"#/definitions/{key}")}
        then: dict[str, Any] = {"properties": {"settings": {"$ref": f"#/definitions/{key}"}}}
        if _is_needed(descriptor.schema or {}):
            then["required"] = ["settings"]
        condition = {"properties": {"integration": {"const": name}}, "required": ["integration"]}
        branches.append({"if": condition, "then": then})
    if branches:
        bundle["allOf"] = branches
    return {"$schema": _DRAFT, **for_editors(bundle, descriptors)}


def in_draft_07(schema: Schema) -> dict[str, Any]:
    """Return a schema as editors read it that know no newer draft."""
    return {"$schema": _DRAFT, **_downgrade(schema, "#")}


def _is_needed(settings: Schema) -> bool:
    """Whether the empty mapping is refused, so that `settings` cannot be left out."""
    if settings.get("required"):
        return True
    return any(
        all(isinstance(branch, Mapping) and branch.get("required") for branch in settings[key])
        for key in ("anyOf", "oneOf")
        if settings.get(key)
    )


def _downgrade(schema: Schema, base: str) -> dict[str, Any]:
    """Rewrite what draft-07 spells differently; `base` is where the whole schema stands in the bundle."""
    inner = rebuild(schema, lambda one: _downgrade(one, base))
    done = {key: value for key, value in inner.items() if key not in _UNKNOWN and key not in _MOVED}
    if "prefixItems" in inner:
        done["items"] = inner["prefixItems"]
        done["additionalItems"] = inner.get("items", True)
    if "$defs" in inner:
        done["definitions"] = {**inner.get("definitions", {}), **inner["$defs"]}
    if "dependentRequired" in inner or "dependentSchemas" in inner:
        done["dependencies"] = _dependencies(inner)
        done.pop("dependentRequired", None)
    return _with_reference(schema, done, base)


def _dependencies(inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the one keyword of draft-07 for the two of today; where both name a key, both hold."""
    found: dict[str, Any] = dict(inner.get("dependencies", {}))
    for name, needed in inner.get("dependentRequired", {}).items():
        found[name] = needed if name not in found else {"allOf": [{"required": needed}, found[name]]}
    for name, schema in inner.get("dependentSchemas", {}).items():
        before = found.get(name)
        if before is None:
            found[name] = schema
        else:
            found[name] = {"allOf": [{"required": before} if isinstance(before, list) else before, schema]}
    return found


def _with_reference(schema: Schema, done: dict[str, Any], base: str) -> dict[str, Any]:
    """Add `$ref` in a branch of its own where it has siblings: draft-07 looks at nothing beside one."""
    targets = [schema[key] for key in REFERENCES if isinstance(schema.get(key), str)]
    references = [{"$ref": _target(target, base)} for target in targets]
    if not references:
        return done
    if not done and len(references) == 1:
        return references[0]
    return {**done, "allOf": [*done.get("allOf", []), *references]}


def _target(target: str, base: str) -> str:
    parts = target.removeprefix("#").split("/")
    if len(parts) == 1 and parts[0]:
        return base  # an anchor: rare, and the whole schema is nearer to it than nothing
    moved = [_MOVED.get(part, part) if index % 2 else part for index, part in enumerate(parts)]
    return "/".join([base, *moved[1:]]) if len(parts) > 1 else base
