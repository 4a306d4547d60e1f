"""From libyaml's nodes to JSON values: a quick way that gives up at anything unusual, and a careful one that explains.

Both give the same value where the quick one gives any; a test holds them together. Called by `stretch` alone.
"""

import re
from typing import Any, Final

from msgspec import Struct
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from reconciler.config.yaml.nodes import span_of, written
from reconciler.config.yaml.parser import LIMIT_HELP, MAX_DEPTH, MAX_NODES
from reconciler.config.yaml.scalars import CONSTANTS, NUMERIC, NumberOutOfRange, number, plain
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Fix, Related, Severity
from reconciler.model.json import Path
from reconciler.model.secret_names import shown_key, shown_path

MAX_TEXT: Final = 1 << 20
"""How many characters the scalars of a document may have, its aliases followed."""
QUOTE_TEMPLATE: Final = 'put a template in quotes: "{{ ... }}"'
"""The help of a finding that `mending` may have a fix for."""
_MAX_FINDINGS = 100
_CORE = "tag:yaml.org,2002:"
_SHOWN_TAG = re.compile(
    r"!!\w{1,20}|!(?:!?python|!?ruby)/[\w.:/]{1,40}"
    r"|!(?:include|env|env_var|secret|vault|file|ref|reference|sub|getatt|join|binary|set|omap|timestamp)",
    re.IGNORECASE,
)
_NOT_A_KEY = frozenset(CONSTANTS) | {"<<"}


class Unusual(Exception):
    """The quick way met what it does not know; the careful one will say what it is, or build it."""


def build_quickly(node: Any, depth: int = 1) -> Any:
    """Return the value of a node whose document has no anchors; raises Unusual where anything may be wrong with it.

    Scalars are built in the loops and not by a call each: they are four fifths of the nodes.
    """
    if node.tag or depth > MAX_DEPTH:
        raise Unusual
    pairs = node.value
    if node.__class__ is MappingNode:
        mapping: dict[str, Any] = {}
        for key, item in pairs:
            name = key.value
            if key.__class__ is not ScalarNode or key.tag:
                raise Unusual
            if not key.style and (name in _NOT_A_KEY or name[0] in NUMERIC):
                raise Unusual
            if item.__class__ is not ScalarNode:
                mapping[name] = build_quickly(item, depth + 1)
                continue
            value = item.value
            if item.tag:
                raise Unusual
            if not item.style:
                value = _number(value) if value[:1] in NUMERIC else CONSTANTS.get(value, value)
            mapping[name] = value
        if len(mapping) != len(pairs):
            raise Unusual
        return mapping
    if node.__class__ is SequenceNode:
        return [build_quickly(item, depth + 1) for item in pairs]
    if node.style:
        return pairs
    return _number(pairs) if pairs[:1] in NUMERIC else CONSTANTS.get(pairs, pairs)


def _number(text: str) -> Any:
    try:
        return number(text)
    except NumberOutOfRange:
        raise Unusual from None


class _Built(Struct, eq=False):
    """A value, and what it amounts to with its aliases followed: values, characters, levels."""

    value: Any
    nodes: int = 1
    text: int = 0
    height: int = 0


class CarefulBuilder:
    """Builds the value of one document and collects what is wrong with it; `text` is what the marks count in.

    Each node is built once, however many aliases lead to it, so an alias costs nothing and a bomb is only counted.
    """

    def __init__(self, file: str, text: str) -> None:
        self.findings: list[Diagnostic] = []
        self._file = file
        self._text = text
        self._built: dict[int, _Built | None] = {}
        self._too_much = False

    def build(self, node: Any) -> Any:
        """Return the document's value; it is worth nothing when there are `findings`."""
        return self._build(node, ()).value

    def _build(self, node: Any, path: Path) -> _Built:
        if id(node) in self._built:
            return self._built[id(node)] or self._recursive(node, path)
        self._built[id(node)] = None
        kind = node.__class__
        if not self._is_known(node):
            built = self._unknown_tag(node, path)
        elif kind is ScalarNode:
            built = _Built(self._scalar(node, path), 1, len(node.value))
        else:
            built = self._mapping(node, path) if kind is MappingNode else self._sequence(node, path)
            self._limit(built, node, path)
        self._built[id(node)] = built
        return built

    def _sequence(self, node: Any, path: Path) -> _Built:
        built = _Built([], height=1)
        for index, item in enumerate(node.value):
            built.value.append(self._child(built, item, (*path, index)).value)
        return built

    def _mapping(self, node: Any, path: Path) -> _Built:
        built = _Built({}, height=1)
        places: dict[str, Any] = {}
        for key, item in node.value:
            name = self._key(key, path)
            value = self._child(built, item, path if name is None else (*path, name))
            built.nodes += 1
            if name is None:
                continue
            built.text += len(name)
            if name in places:
                self._duplicate(name, key, places[name], (*path, name))
            places.setdefault(name, key)
            built.value[name] = value.value
        return built

    def _child(self, parent: _Built, node: Any, path: Path) -> _Built:
        child = self._build(node, path)
        parent.nodes += child.nodes
        parent.text += child.text
        parent.height = max(parent.height, child.height + 1)
        return child

    def _scalar(self, node: Any, path: Path) -> Any:
        """Return a scalar's value by its tag and style."""
        name = node.tag.removeprefix(_CORE)
        if name == "str" or (not name and (node.style or self._is_non_specific(node))):
            return node.value
        try:
            value = plain(node.value)
        except NumberOutOfRange as error:
            help_text = "put it in quotes if it is meant as text"
            self._add(rules.NUMBER_RANGE, node, str(error), help_text, path)
            return None
        if name and not _fits(name, value):
            self._add(rules.YAML_TAG, node, f"the value is not what its tag !!{name} says", "leave the tag out", path)
        return float(value) if name == "float" and isinstance(value, int) else value

    def _is_non_specific(self, node: Any) -> bool:
        """Whether the tag is a lone `!`, which makes a scalar a string and which libyaml drops."""
        return self._text[node.start_mark.index : node.start_mark.index + 1] == "!"

    @staticmethod
    def _is_known(node: Any) -> bool:
        """Whether a node has no tag or one of the core schema's for its kind."""
        tag = node.tag
        if not tag:
            return True
        names = {ScalarNode: ("str", "int", "float", "bool", "null"), MappingNode: ("map",), SequenceNode: ("seq",)}
        return tag.startswith(_CORE) and tag.removeprefix(_CORE) in names[node.__class__]

    def _unknown_tag(self, node: Any, path: Path) -> _Built:
        shown = node.tag.replace(_CORE, "!!")
        message = "a value that begins with ! is a tag, and this one is not known"  # a secret may begin so too
        if _SHOWN_TAG.fullmatch(shown):
            message = f"the tag {shown} is not known"
        help_text = "leave the tag out, or put a text that begins with ! in quotes"
        self._add(rules.YAML_TAG, node, message, help_text, path)
        return _Built(None)

    def _key(self, node: Any, path: Path) -> str | None:
        """Return a key, or None after a finding."""
        if node.__class__ is not ScalarNode:
            self._collection_key(node, path)
            return None
        if node.value == "<<" and not node.tag and not node.style:
            message = "merge keys (<<) are not part of YAML 1.2 and are not followed"
            self._add(rules.YAML_MERGE, node, message, "write the keys out, or use an alias for a whole value", path)
            return None
        before = len(self.findings)
        value = self._build(node, path).value
        if isinstance(value, str) or len(self.findings) > before:
            return value if isinstance(value, str) else None
        shown = node.value if len(node.value) < 40 else "..."
        message = f"expected a string for a key, found {_kind(value)}"
        fix = None
        if value is not None:
            from reconciler.config.explain.fixes import quote

            here = written(node, self._file)
            fix = quote(here) if here is not None else None
        self._add(rules.NON_STRING_KEY, node, message, f'put it in quotes: "{shown}"', path, fix=fix)
        return None

    def _collection_key(self, node: Any, path: Path) -> None:
        kind = "list" if node.__class__ is SequenceNode else "mapping"
        message = f"expected a string for a key, found a {kind}"
        if self._text[node.start_mark.index - 1 : node.start_mark.index + 1] != "{{":
            self._add(rules.NON_STRING_KEY, node, message, "put it in quotes if it is meant as text", path)
            return
        self._add(rules.NON_STRING_KEY, node, message, QUOTE_TEMPLATE, path)

    def _duplicate(self, name: str, second: Any, first: Any, path: Path) -> None:
        related = (Related(span_of(first, self._file), "first written here"),)
        self._add(
            rules.DUPLICATE_KEY,
            second,
            f"the key `{shown_key(name)[:60]}` is written twice",
            "keep one of the two",
            path,
            related,
        )

    def _recursive(self, node: Any, path: Path) -> _Built:
        if not self._too_much:
            self._too_much = True
            message = "the anchor contains an alias of itself, so the value would have no end"
            self._add(rules.YAML_ALIAS, node, message, "write the value out", path)
        return _Built(None)

    def _limit(self, built: _Built, node: Any, path: Path) -> None:
        """Find fault, once, with the innermost collection that is too much with its aliases followed."""
        if built.height > MAX_DEPTH:
            what = f"is nested deeper than {MAX_DEPTH} levels"
        elif built.nodes > MAX_NODES:
            what = f"has more than {MAX_NODES:,} values"
        elif built.text > MAX_TEXT:
            what = f"has more than {MAX_TEXT:,} characters"
        else:
            return
        if self._too_much:
            return
        self._too_much = True
        aliased = len(self._built) < built.nodes or built.text > len(self._text)
        rule, how = (
            (rules.YAML_ALIAS, "with its aliases followed the value") if aliased else (rules.YAML_LIMIT, "the value")
        )
        self._add(rule, node, f"{how} {what}", LIMIT_HELP, path)

    def _add(
        self,
        rule: str,
        node: Any,
        message: str,
        help_text: str,
        path: Path,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
    ) -> None:
        if len(self.findings) < _MAX_FINDINGS:
            span, path = span_of(node, self._file), shown_path(path)
            self.findings.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path, related, fix))


def _fits(name: str, value: Any) -> bool:
    kinds: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}
    return isinstance(value, kinds[name]) and (name == "bool" or not isinstance(value, bool))


def _kind(value: Any) -> str:
    return "null" if value is None else "a boolean" if isinstance(value, bool) else "a number"
