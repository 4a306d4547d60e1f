"""What CEL's compiler says, in words for the person who wrote the `when`. Pure text; `filter.py` calls it.

Texts of cel-cpp seen: `ERROR: <input>:LINE:COLUMN: MESSAGE (in container 'event')`, several of them in one, and
`CANCELLED: Expression recursion limit exceeded. limit: 32`.
"""

import re
from collections.abc import Sequence
from typing import Final

from reconciler.core.findings.wrong import Wrong

_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_INPUT = re.compile(r"Syntax error: (?:mismatched|extraneous|missing).* input '(.*?)'(?: expecting|$)")
_CHARACTER = re.compile(r"Syntax error: token recognition error at: '(.?)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '(.*?)\((.*)\)'")
_SELECT = re.compile(r"expression of type '(.+?)' cannot be the operand of a select")
_DEPTH = re.compile(r"recursion limit exceeded\. limit: (\d+)")
_INSTEAD = {"and": "&&", "or": "||", "not": "!", "=": "==", "is": "=="}
_KINDS = {
    "dyn": "any value", "google.protobuf.Timestamp": "a timestamp", "google.protobuf.Duration": "a duration",
    "null_type": "null",
}  # fmt: skip
_OPERATOR = re.compile(r"[=!<>]=|&&|\|\||in\b|[<>!?+\-*/%]")
_WORD = re.compile(r"\w+")
_NAME_BEFORE = re.compile(r"(\w+)\s*\Z")
_NAME_BEHIND = re.compile(r"\.\s*\Z")
_PARTS: Final = (
    "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds",
    "getMinutes", "getMonth", "getSeconds",
)  # fmt: skip
METHODS: Final = {
    "contains": "one argument", "endsWith": "one argument", "startsWith": "one argument", "matches": "one argument",
    "size": "no argument", "all": "a name and a condition", "exists": "a name and a condition",
    "exists_one": "a name and a condition", "filter": "a name and a condition",
    **dict.fromkeys(_PARTS, "no argument, or a time zone"),
}  # fmt: skip
"""What can be called on a value, and what it takes."""
FUNCTIONS: Final = {
    "matches": "two arguments", "has": "one field, such as data.x",
    **dict.fromkeys(
        ("bool", "bytes", "double", "duration", "dyn", "int", "size", "string", "timestamp", "type", "uint"),
        "one argument",
    ),
}  # fmt: skip
"""What can be called by itself, and what it takes."""


def describe(error: str, text: str, variables: Sequence[str]) -> Wrong:
    """Return what the compiler said of `text`."""
    if text.lstrip().startswith("{{"):
        return Wrong("a filter is CEL and no template", text.index("{{"), 2, "write it without {{ and }}")
    place = _PLACE.search(error)
    if place is None:
        return Wrong(_without_place(error), 0, len(text))
    return _wrong(place[3], text, _offset(text, int(place[1]), int(place[2])), variables)


def first_line(text: str) -> str:
    """Return the first line of an evaluation's error, without its status word, at most 200 characters."""
    line = re.sub(r" \[[A-Z_]+\]$", "", text.partition("\n")[0])
    return re.sub(r"^[A-Z_]+: ", "", line)[:200]


def _without_place(error: str) -> str:
    depth = _DEPTH.search(error)
    return f"the expression nests too deeply, at most {depth[1]} levels are taken" if depth else first_line(error)


def _wrong(said: str, text: str, offset: int, variables: Sequence[str]) -> Wrong:
    if found := _UNDECLARED.search(said):
        return _undeclared(found[1], text, offset, variables)
    if found := _OVERLOAD.search(said):
        return _overload(found[1], found[3], text, offset)
    if found := _INPUT.search(said):
        return _unexpected(found[1], text, offset)
    if found := _CHARACTER.search(said):
        return _unexpected(found[1] or text[offset : offset + 1], text, offset)
    if found := _SELECT.search(said):
        return Wrong(f"{_kind(found[1])} has no fields", offset)
    plain = re.sub(r" \(in container '[^']*'\)", "", said.removeprefix("Syntax error: ")).split(" expecting {")[0]
    return Wrong(plain[:1].lower() + plain[1:], offset)


def _undeclared(name: str, text: str, offset: int, variables: Sequence[str]) -> Wrong:
    root = name.partition(".")[0]
    if not text[offset:].startswith("("):
        if not text.startswith(root, offset):  # of `root.field` the compiler names the dot
            offset = max(text.rfind(root, 0, offset), 0)
        message = f"there is no variable {root!r}; the variables are {', '.join(variables)}"
        return Wrong(message, offset, len(root), "", root, variables)
    begin = _begin_of_name(text, offset)
    is_method = _NAME_BEHIND.search(text[:begin]) is not None
    known = METHODS if is_method else FUNCTIONS
    if root in known:
        return Wrong(f"{root!r} takes {known[root]}", begin, len(root))
    if root in (FUNCTIONS if is_method else METHODS):
        how = f"write {root}(…)" if is_method else f"write it behind a value, as in data.name.{root}(…)"
        return Wrong(f"there is no function {root!r} in this place", begin, len(root), how)
    return Wrong(f"there is no function {root!r}", begin, len(root), "", root, tuple(known))


def _begin_of_name(text: str, offset: int) -> int:
    """Return where the name before a bracket begins."""
    found = _NAME_BEFORE.search(text, 0, offset)
    return offset if found is None else found.start()


def _overload(name: str, kinds: str, text: str, offset: int) -> Wrong:
    operator = {"@in": "in"}.get(name, name)
    if name.startswith(("_", "!", "-", "@")):
        operator = operator.strip("_").replace("_", "")
        at = _OPERATOR.match(text, offset)
        length = 1 if at is None else len(at[0])
    else:
        begin = _begin_of_name(text, offset) if text[offset : offset + 1] == "(" else offset
        offset, length = begin, len(name)
    listed = [_kind(kind.strip()) for kind in kinds.split(", ")]
    return Wrong(f"{operator!r} does not take {' and '.join(listed)}", offset, length, _what_to_write(listed))


def _what_to_write(kinds: Sequence[str]) -> str:
    if "a timestamp" in kinds and "a string" in kinds:
        return 'write a time as timestamp("2026-01-31T12:00:00Z")'
    if "a string" in kinds and "null" in kinds:
        return 'a text is never null: one that is absent is the empty text ""'
    if "a string" in kinds and "an int" in kinds:
        return "put the number in quotes, or make one of the text with int(…)"
    return ""


def _kind(kind: str) -> str:
    return _KINDS.get(kind) or ("an int" if kind == "int" else f"a {kind}")


def _unexpected(found: str, text: str, offset: int) -> Wrong:
    if found == "<EOF>":
        message = "the expression ends too early" if text.strip() else "the expression is empty"
        return Wrong(message, len(text.rstrip()))
    before = re.search(r"(\w+)\s+\Z", text[:offset])
    if before is not None and before[1] in _INSTEAD:
        return Wrong(f"unexpected {before[1]!r}; write {_INSTEAD[before[1]]} instead", before.start(1), len(before[1]))
    hint = f"; write {_INSTEAD[found]} instead" if found in _INSTEAD else ""
    word = _WORD.match(text, offset)
    return Wrong(f"unexpected {found!r}{hint}", offset, len(word[0]) if word is not None else 1)


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
