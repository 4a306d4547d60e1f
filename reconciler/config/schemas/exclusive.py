"""Rewrites `oneOf` over required keys so that editors say which two keys exclude each other, and mark one of them.

A validator tells of a `oneOf` only that too many branches fit. Said as "one of them is there" and "with this one, not
that one", it means the same for objects. Pure; called by `bundle.py`.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.config.schemas.walk import Schema, rebuild


def with_exclusions(schema: Schema) -> dict[str, Any]:
    """Return the schema, rewritten where an object is asked for: `required` is true of everything else."""
    done = rebuild(schema, with_exclusions)
    keys = _keys(done.get("oneOf"))
    if done.get("type") != "object" or len(keys) < 2:
        return done
    some = [{"anyOf": done.pop("oneOf")}]
    dependent = dict(done.get("dependentSchemas", {}))
    for place, key in enumerate(keys[:-1]):
        others = keys[place + 1 :]
        told = f"{key} and {' or '.join(others)} exclude each other"
        refused = {"properties": dict.fromkeys(others, False), "errorMessage": told}
        dependent[key] = {"allOf": [dependent[key], refused]} if key in dependent else refused
    return {**done, "allOf": [*done.get("allOf", []), *some], "dependentSchemas": dependent}


def _keys(branches: object) -> list[str]:
    """Return the key of each branch, where every branch requires one key, another one each, and says no more."""
    if not isinstance(branches, list):
        return []
    found = []
    for branch in branches:
        if not isinstance(branch, Mapping) or set(branch) - {"required", "title", "description"}:
            return []
        required = branch.get("required")
        if not isinstance(required, list) or len(required) != 1:
            return []
        found.append(required[0])
    return found if len(set(found)) == len(found) else []
