"""Where schemas stand inside a schema, and where its references lead: the one table of JSON Schema's applicators.

Pure. `schema.py` checks and derives with it, `cost.py` counts with it, `bundle.py` rewrites with it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

ONE: Final = (
    "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
"""Keywords whose value is one schema (`items` may be a list of them up to 2019-09)."""
LIST: Final = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
"""Keywords whose value is a list of schemas."""
MAP: Final = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")
"""Keywords whose value holds schemas by name (`dependencies` may hold lists of keys too)."""
REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")


def children(schema: Schema) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield each schema directly inside `schema` with the tokens that lead there; booleans are left out."""
    for key, value in schema.items():
        if isinstance(value, Mapping):
            if key in ONE:
                yield (key,), value
            elif key in MAP:
                yield from (((key, name), item) for name, item in value.items() if isinstance(item, Mapping))
        elif isinstance(value, list) and key in LIST:
            yield from (((key, str(index)), item) for index, item in enumerate(value) if isinstance(item, Mapping))


def rebuild(schema: Schema, change: Callable[[Any], Any], *, but: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a copy of `schema` with `change` applied to each schema directly inside it, those of `but` excepted."""
    done: dict[str, Any] = dict(schema)
    for key, value in schema.items():
        if key in but:
            continue
        if isinstance(value, Mapping):
            if key in ONE:
                done[key] = change(value)
            elif key in MAP:
                done[key] = {n: change(item) if isinstance(item, Mapping) else item for n, item in value.items()}
        elif isinstance(value, list) and key in LIST:
            done[key] = [change(item) if isinstance(item, Mapping) else item for item in value]
    return done


def everywhere(root: Schema) -> Iterator[Schema]:
    """Yield `root` and every schema inside it; loops over nothing twice, and follows no reference."""
    waiting = [root]
    while waiting:
        schema = waiting.pop()
        yield schema
        waiting.extend(child for _, child in children(schema))


class Places:
    """The schemas inside one root, found by a reference's fragment."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._anchors: dict[str, Schema] = {}
        self._known: set[int] = set()
        for schema in everywhere(root):
            self._known.add(id(schema))
            for key in ("$anchor", "$dynamicAnchor"):
                if isinstance(schema.get(key), str):
                    self._anchors.setdefault(schema[key], schema)
            if isinstance(schema.get("$id"), str) and schema["$id"].startswith("#"):
                self._anchors.setdefault(schema["$id"][1:], schema)

    def find(self, target: str) -> Schema | bool | None:
        """Return the schema that `#`, `#/pointer` or `#anchor` names; None where no schema stands."""
        fragment = target.removeprefix("#")
        if "%" in fragment:
            from urllib.parse import unquote

            fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            return self._anchors.get(fragment)
        found: Any = self._root
        for raw in fragment.split("/")[1:]:
            part = raw.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        if isinstance(found, bool):
            return found
        return found if isinstance(found, Mapping) and id(found) in self._known else None
