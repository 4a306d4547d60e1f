"""What a template asks for: filters, tests and variables that there are not, fields that an event never has.

Told of the parsed template, before there is any event. What may be there, such as what is beneath `event.data`, is no
matter of this module. `sandbox` calls it; the fields are those that `reconciler.sdk.message` gives.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from jinja2 import nodes
from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.findings.wrong import Wrong
from reconciler.core.template.places import offset_of

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "event": ("type", "source", "id", "subject", "time", "data", "scope"),
    "config": ("id", "name", "labels", "scope"),
}
"""What there is in each of the variables."""
MAPPING_METHODS: Final = frozenset({"get", "items", "keys", "values"})
_LONGEST: Final = 200
_SCOPE_KEY: Final = re.compile(r"[a-z0-9]{1,20}\Z")
_OWN: Final = {("config", "labels"), ("config", "scope")}
"""What a configuration's own document decides."""


class Asked(Struct, frozen=True):
    """A field that a template asks for. `guarded` where the template says what to do without it."""

    path: tuple[str, ...]
    offset: int
    length: int
    guarded: bool = False


class Kinds(Struct, frozen=True):
    """What there is to be named besides variables."""

    filters: Collection[str]
    tests: Collection[str]


def wrong_names(tree: nodes.Template, text: str, kinds: Kinds) -> Iterator[Wrong]:
    """Yield each filter and test that there is not."""
    for found in tree.find_all((nodes.Filter, nodes.Test)):
        what, known = ("filter", kinds.filters) if isinstance(found, nodes.Filter) else ("test", kinds.tests)
        if found.name not in known or found.name[0] == "_":
            named = sorted(name for name in known if name.isidentifier() and not name.startswith("_"))
            yield Wrong(f"no {what} named {found.name!r}", *_place(text, found, found.name), "", found.name, named)


def wrong_variable(tree: nodes.Template, text: str, unknown: Collection[str], names: Collection[str]) -> Wrong | None:
    """Return the first of the `unknown` variables that a template uses; None where there are none."""
    if not unknown:
        return None
    first = min(unknown)
    found = next((one for one in tree.find_all(nodes.Name) if one.name in unknown and one.ctx == "load"), None)
    name, place = (found.name, _place(text, found, found.name)) if found is not None else (first, (0, len(text)))
    message = f"there is no variable {name!r}: a template sees {' and '.join(names)}"
    hint = f"write event.{name}" if name in FIELDS["event"] else ""
    return Wrong(message, *place, hint, name, tuple(names))


def asked_fields(tree: nodes.Template, text: str) -> list[Asked]:
    """Return the fields of `event` and `config` that a template asks for by name, two levels deep."""
    own = {found.name for found in tree.find_all(nodes.Name) if found.ctx != "load"}
    found = [asked for asked in _walk(tree, text, guarded=False) if asked.path[0] not in own]
    tested = {asked.path for asked in found if asked.guarded}
    return [replace(asked, guarded=asked.path in tested) for asked in dict.fromkeys(found)]


def wrong_field(asked: Asked) -> Wrong | None:
    """Return what is wrong with asking for a field that no event, or no configuration, has."""
    holder, *keys = asked.path
    known = FIELDS[holder]
    where = (asked.offset, asked.length)
    if keys[0] not in known:
        if len(keys) > 1 or keys[0] in MAPPING_METHODS:
            return None  # asked for on its own as well; or a method
        message = f"there is no {keys[0]!r} in `{holder}`, which has {', '.join(known)}"
        return Wrong(message, *where, _hint(holder, keys[0]), keys[0], known)
    if len(keys) > 1 and (holder, keys[0]) == ("event", "scope") and not _SCOPE_KEY.match(keys[1]):
        hint = "its keys have 1 to 20 characters of a-z and 0-9"
        return None if keys[1] in MAPPING_METHODS else Wrong(f"no event has {keys[1]!r} in its scope", *where, hint)
    return None


def of_document(asked: Asked) -> bool:
    """Whether the configuration's document decides if a field is there."""
    return len(asked.path) == 3 and asked.path[:2] in _OWN and asked.path[2] not in MAPPING_METHODS


def written(node: nodes.Node) -> str:
    """Return a field as a template writes it, such as `event.data.job`.

    Empty where it is not one of a variable, and beyond a length: each part of a chain is told with all before it.
    """
    if isinstance(node, nodes.Name):
        return node.name
    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return ""
    holder = written(node.node)
    if isinstance(node, nodes.Getattr):
        part = f".{node.attr}"
    else:
        part = f"[{node.arg.value!r}]" if isinstance(node.arg, nodes.Const) else ""
    return holder + part if holder and part and len(holder) + len(part) <= _LONGEST else ""


def _hint(holder: str, key: str) -> str:
    if holder == "event":
        return f"what was sent is in event.data: write event.data.{key} if that is meant"
    return "a template never sees a setting" if key == "settings" else ""


def _walk(node: nodes.Node, text: str, *, guarded: bool) -> Iterator[Asked]:
    asked = _asked(node, text, guarded=guarded)
    if asked is not None:
        yield asked
    guards = isinstance(node, nodes.Filter | nodes.Test) and node.name in {"default", "d", "defined", "undefined"}
    for child in node.iter_child_nodes():
        inner = guards and child is getattr(node, "node", None)
        yield from _walk(child, text, guarded=inner)


def _asked(node: nodes.Node, text: str, *, guarded: bool) -> Asked | None:
    keys: list[str] = []
    inner: nodes.Node = node
    while isinstance(inner, nodes.Getattr | nodes.Getitem):
        key = inner.attr if isinstance(inner, nodes.Getattr) else inner.arg
        if isinstance(key, nodes.Const):
            key = key.value
        if not isinstance(key, str):
            return None
        keys.insert(0, key)
        inner = inner.node
    if not isinstance(inner, nodes.Name) or inner.name not in FIELDS or not 1 <= len(keys) <= 2:
        return None
    return Asked((inner.name, *keys), *_place(text, node, keys[-1]), guarded)


def _place(text: str, node: nodes.Node, name: str) -> tuple[int, int]:
    """Return where a name stands, at or behind the beginning of its node; the whole text where that is not known."""
    begin = offset_of(node.lineno)
    found = -1 if begin is None else text.find(name, begin)
    return (0, len(text)) if found < 0 else (found, len(name))
