"""Writes a configuration to begin with: required settings with a value to replace, the others as comments."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.console import fail
from reconciler.cli.names import unknown_integration

if TYPE_CHECKING:
    from reconciler.model.descriptor import Descriptor

SCHEMA_FILE = "schema.json"
"""What the editor's schema is called, in the directory of configurations."""
MODELINE = f"# yaml-language-server: $schema=../{SCHEMA_FILE}"
"""The first line of a file in a folder of that directory: it tells an editor where the schema is."""
EVENT_TYPE = "build.finished"
"""What a configuration asks for whose integration declares no events: something to replace."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?\Z")
_BY_TYPE: dict[str, Any] = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}, "null": None}
_FORMATS = {"https://example.com/": "uri", "someone@example.com": "email"}
Schema = Mapping[str, Any]


def new_config(config_id: str, root: Path, allowed: Sequence[str] | None) -> Path:
    """Write `<root>/<integration>/<name>.yaml` and return its path; refuses an id, or a file, that will not do."""
    descriptor, name = described(config_id, allowed)
    text = render(descriptor, name)
    if (root / SCHEMA_FILE).is_file():
        text = f"{MODELINE}\n{text}"
    file = root / descriptor.id / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        fail(f"{file} exists: nothing was changed")
    return file


def described(config_id: str, allowed: Sequence[str] | None) -> tuple["Descriptor", str]:
    """Return the integration that `INTEGRATION/NAME` names, and the name; ends the verb for an id that will not do."""
    from reconciler.compose.catalogue import build_catalogue
    from reconciler.config.schemas.schema import SettingsSchema

    integration, _, name = config_id.partition("/")
    if not _NAME.match(name):
        fail(f"expected INTEGRATION/NAME with a name of a-z, 0-9 and . _ - between, found {config_id!r}")
    if name.endswith(".test"):
        fail(f"{name}.yaml would be a file of test cases: choose a name that does not end with .test")
    catalogue = build_catalogue(allowed)
    if integration not in catalogue.ids():
        raise unknown_integration(integration, catalogue.ids())
    descriptor = catalogue.descriptor(integration)
    SettingsSchema(descriptor.schema or {})  # refuses one that makes no sense, before anything is written
    return descriptor, name


def render(descriptor: "Descriptor", name: str) -> str:
    """Return the text of the configuration."""
    return "\n".join(_lines(descriptor, name)) + "\n"


def _lines(descriptor: "Descriptor", name: str) -> Iterator[str]:
    schema: Schema = descriptor.schema or {}
    yield from _comment(descriptor.description)
    yield f"integration: {descriptor.id}"
    yield f"name: {_scalar(name)}"
    yield "# description: What it is for, and for whom."
    yield "enabled: true"
    yield "# scope: {team: platform}    # whom it is bound to; an event must carry the same"
    shown = _shown_settings(schema)
    yield "settings:" if shown else "settings: {}"
    for key, described in schema.get("properties", {}).items():
        yield from _setting(descriptor.id, key, _resolved(described, schema), shown=key in shown)
    yield from _events(descriptor)


def _setting(integration: str, key: str, schema: Schema, *, shown: bool) -> Iterator[str]:
    for line in _comment(schema.get("description", schema.get("title", ""))):
        yield f"  {line}"
    yield f"  {'' if shown else '# '}{_scalar(key)}: {_value(integration, key, schema)}"


def _events(descriptor: "Descriptor") -> Iterator[str]:
    if descriptor.events:
        yield f"# events: without this list, {', '.join(event.type for event in descriptor.events)} reach it"
        return
    yield "events:"
    yield f"  - type: {EVENT_TYPE}"
    yield '    # when: data.status == "failed"'


def _shown_settings(schema: Schema) -> frozenset[str]:
    """Return the settings to write out: those a document cannot do without, or the first where there are none."""
    from reconciler.config.schemas.editor import needed_keys

    return needed_keys(schema) or frozenset(list(schema.get("properties", {}))[:1])


def _resolved(schema: Any, root: Schema) -> Schema:
    """Follow a local reference, and take the first branch that is not null: what stands beside them stays."""
    merged = dict(_mapping(schema))
    reference = merged.pop("$ref", "")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        merged = {**_mapping(root.get("$defs", {}).get(reference.removeprefix("#/$defs/"))), **merged}
    branches = [b for k in ("anyOf", "oneOf") for b in map(_mapping, merged.pop(k, ())) if b.get("type") != "null"]
    return {**_resolved(branches[0], root), **merged} if branches else merged


def _value(integration: str, key: str, schema: Schema) -> str:
    if schema.get("writeOnly"):
        variable = re.sub(r"[^A-Z0-9]+", "_", f"{integration}_{key}".upper())
        return f'{{secret: "env:{variable}"}}'
    for value in (*schema.get("examples", ())[:1], *_listed(schema, "default"), *_listed(schema, "const")):
        return _scalar(value)
    if schema.get("enum"):
        return _scalar(schema["enum"][0])
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array" and schema.get("minItems"):
        return f"[{_value(integration, key, _mapping(schema.get('items')))}]"
    return _scalar(_BY_TYPE[kind] if kind in _BY_TYPE else _text(key, schema))


def _mapping(schema: Any) -> Schema:
    """Return a schema that may also be true or false, or a list of them, as one with keywords."""
    return schema if isinstance(schema, Mapping) else {}


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # a pattern of ECMA's that Python's engine does not know
        return False


def _text(key: str, schema: Schema) -> str:
    """Return a text that stands for the user's own and that the schema takes, as far as its pattern tells."""
    own = key.replace("_", "-")
    for text in (f"your {own}", f"your-{own}", "https://example.com/", "someone@example.com", f"/path/to/{own}"):
        if _matches(schema.get("pattern", ""), text) and schema.get("format", "") in ("", _FORMATS.get(text)):
            return text
    return f"your {own}"


def _listed(schema: Schema, keyword: str) -> list[Any]:
    return [schema[keyword]] if schema.get(keyword) is not None else []


def _scalar(value: Any) -> str:
    """Return a JSON value as YAML takes it: JSON itself, but for a plain word."""
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_-]*", value) and value not in ("true", "false", "null"):
        return value
    return json.dumps(value, ensure_ascii=True)


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in " ".join(text.split()).splitlines()]
