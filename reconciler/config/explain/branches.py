"""Which branch of an `anyOf` or `oneOf` the user meant, from jsonschema's error tree. Pure; `explain.py` words it.

By what stands there: a branch of the same kind, whose constant or choice agrees, that knows the keys that were
written, with the fewest and deepest errors.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from reconciler.config.schemas.files import is_reference, is_secret
from reconciler.config.schemas.walk import Places
from reconciler.model.json import Path

_LOGIC = ("anyOf", "oneOf")
_CHOICE = ("const", "enum")


class Meant(Struct, frozen=True):
    """What is to be told: `errors` one by one, or else one thing that all branches have in common.

    `kinds` are the types that would do, `choices` the values that would do at `path`, `missing` the groups of keys of
    which one is needed.
    """

    errors: tuple[Any, ...] = ()
    kinds: tuple[str, ...] = ()
    choices: tuple[Any, ...] = ()
    path: Path = ()
    missing: tuple[tuple[str, ...], ...] = ()


def meant(error: Any) -> Meant:
    """Return what to tell about an error of `anyOf` or `oneOf` none of whose branches fit."""
    branches = _branches(error)
    told = _reference_or_rest(error, branches)
    if told is not None:
        return Meant(tuple(told))
    groups = list(branches.values())
    if not groups:
        return Meant()
    if all(_wrong_kind(group) for group in groups):
        kinds = [kind for group in groups for kind in _kinds(group)]
        return Meant(kinds=tuple(dict.fromkeys(kinds))) if len(set(kinds)) > 1 else Meant(tuple(groups[0]))
    groups = [group for group in groups if not _wrong_kind(group)]
    if len(groups) == 1:
        return Meant(tuple(groups[0]))
    return _common_choice(groups) or _common_lack(error, groups) or Meant(tuple(min(groups, key=_distance(error))))


def _branches(error: Any) -> dict[int, list[Any]]:
    branches: dict[int, list[Any]] = {}
    for sub in error.context:
        if sub.schema_path:  # a branch that is just `false` has none, and nobody can have meant it
            branches.setdefault(sub.schema_path[0], []).append(sub)
    return branches


def _reference_or_rest(error: Any, branches: dict[int, list[Any]]) -> list[Any] | None:
    """Decide between a secret reference and the other branches; without a decision, drop the reference's branch."""
    schemas = error.validator_value
    references = [index for index in branches if is_reference(schemas[index])]
    if not references:
        return None
    if isinstance(error.instance, dict) and "secret" in error.instance:
        return branches[references[0]]
    secrets = [index for index in references if is_secret(schemas[index])]
    others = [group for index, group in branches.items() if index not in references]
    kinds = [kind for group in others for kind in _kinds(group)]
    if not others or (secrets and "string" not in kinds and all(_wrong_kind(group) for group in others)):
        return branches[(secrets or references)[0]]
    for index in references:
        del branches[index]
    return None


def _wrong_kind(group: list[Any]) -> bool:
    """Whether a branch is for values of another type altogether."""
    return any(
        (e.validator == "type" and not e.path)
        or (e.validator in _LOGIC and not e.path and e.context and all(map(_wrong_kind, _branches(e).values())))
        for e in group
    )


def _kinds(group: list[Any]) -> Iterable[str]:
    for e in group:
        if e.validator == "type" and not e.path:
            yield from [e.validator_value] if isinstance(e.validator_value, str) else e.validator_value
        elif e.validator in _LOGIC and not e.path:
            # The branch for a reference is not offered: it is the other one that says what is wanted.
            for index, inner in _branches(e).items():
                if not is_reference(e.validator_value[index]):
                    yield from _kinds(inner)


def _common_choice(groups: list[list[Any]]) -> Meant | None:
    """Where every branch wants another constant at the same place, all of them are what could stand there."""
    at = [{tuple(e.path): e for e in group if e.validator in _CHOICE} for group in groups]
    for path in at[0]:
        if all(path in found for found in at):
            values = [v for found in at for v in _allowed(found[path])]
            return Meant((at[0][path],), choices=tuple(values), path=path)
    return None


def _allowed(error: Any) -> list[Any]:
    return list(error.validator_value) if error.validator == "enum" else [error.validator_value]


def _common_lack(error: Any, groups: list[list[Any]]) -> Meant | None:
    """Where every branch only lacks keys and none of their keys is there, any of the branches could be meant."""
    needed = []
    for group in groups:
        if len(group) == 0 or any(e.validator != "required" or e.path for e in group):
            return None
        names = tuple(name for name in group[0].validator_value if name not in error.instance)
        if len(names) < len(group[0].validator_value):
            return None
        needed.append(names)
    return Meant(missing=tuple(dict.fromkeys(needed)))


def _distance(error: Any) -> Any:
    """Return a function from a branch's errors to how far it is from what was written."""

    def measure(group: list[Any]) -> tuple[int, int, int, int]:
        choice = sum(1 for e in group if e.validator in _CHOICE)
        deep = sum(len(e.path) for e in group)
        return (choice, -_known_keys(error, group), len(group), -deep)

    return measure


def _known_keys(error: Any, group: list[Any]) -> int:
    """Count the keys that stand there and that the branch speaks of."""
    branch = error.validator_value[group[0].schema_path[0]]
    if not isinstance(branch, Mapping) or not isinstance(error.instance, dict):
        return 0
    known = {*branch.get("properties", {}), *branch.get("required", [])}
    return sum(1 for key in error.instance if key in known)


def condition(root: Mapping[str, Any], error: Any) -> Mapping[str, Any]:
    """Return the constants, by key, of the `if` whose `then` the error stands in; empty where there is none."""
    node: Any = root
    found: Mapping[str, Any] = {}
    places: Places | None = None
    for part in error.absolute_schema_path:
        # jsonschema's paths leave out where a reference was followed.
        while isinstance(node, Mapping) and part not in node and isinstance(node.get("$ref"), str):
            places = places or Places(root)
            node = places.find(node["$ref"])
        if part == "then" and isinstance(node, Mapping) and isinstance(node.get("if"), Mapping):
            properties = node["if"].get("properties", {})
            found = {k: v["const"] for k, v in properties.items() if isinstance(v, Mapping) and "const" in v}
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
    return found
