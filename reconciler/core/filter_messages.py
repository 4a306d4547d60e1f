"""What CEL's compiler says, in words for the person who wrote the `when`. Pure text; `filter.py` calls it.

Texts of cel-cpp seen: `ERROR: <input>:LINE:COLUMN: MESSAGE (in container 'event')`, several of them in one, and
`CANCELLED: Expression recursion limit exceeded. limit: 32`.
"""

import re
from collections.abc import Sequence

_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_INPUT = re.compile(r"Syntax error: (?:mismatched|extraneous|missing).* input '(.*?)'(?: expecting|$)")
_CHARACTER = re.compile(r"Syntax error: token recognition error at: '(.?)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '(.*?)\((.*)\)'")
_DEPTH = re.compile(r"recursion limit exceeded\. limit: (\d+)")
_INSTEAD = {"and": "&&", "or": "||", "not": "!", "=": "==", "is": "=="}
_KINDS = {"dyn": "any value", "google.protobuf.Timestamp": "a timestamp", "google.protobuf.Duration": "a duration"}


def describe(error: str, text: str, variables: Sequence[str]) -> tuple[str, int, int]:
    """Return a message, the line and the column, both from 1, for what the compiler said of `text`."""
    place = _PLACE.search(error)
    if place is None:
        return _without_place(error), 1, 1
    line, column = int(place[1]), int(place[2])
    return _message(place[3], text, _offset(text, line, column), variables), line, column


def first_line(text: str) -> str:
    """Return the first line of an evaluation's error, without its status word, at most 200 characters."""
    line = re.sub(r" \[[A-Z_]+\]$", "", text.partition("\n")[0])
    return re.sub(r"^[A-Z_]+: ", "", line)[:200]


def _without_place(error: str) -> str:
    depth = _DEPTH.search(error)
    return f"the expression nests too deeply, at most {depth[1]} levels are taken" if depth else first_line(error)


def _message(said: str, text: str, offset: int, variables: Sequence[str]) -> str:
    if found := _UNDECLARED.search(said):
        return _undeclared(found[1], text, offset, variables)
    if found := _OVERLOAD.search(said):
        return _overload(found[1], found[3])
    if found := _INPUT.search(said):
        return _unexpected(found[1], text, offset)
    if found := _CHARACTER.search(said):
        return _unexpected(found[1] or text[offset : offset + 1], text, offset)
    plain = re.sub(r" \(in container '[^']*'\)", "", said.removeprefix("Syntax error: ")).split(" expecting {")[0]
    return plain[:1].lower() + plain[1:]


def _undeclared(name: str, text: str, offset: int, variables: Sequence[str]) -> str:
    root = name.partition(".")[0]
    if text[offset:].startswith("(") or re.match(rf"{re.escape(root)}\s*\(", text[offset:]):
        return f"there is no function {root!r}"
    return f"there is no variable {root!r}; the variables are {', '.join(variables)}"


def _overload(name: str, kinds: str) -> str:
    operator = name.strip("_").replace("_", "") if name.startswith(("_", "!", "-")) else name
    listed = " and ".join(_kind(kind.strip()) for kind in kinds.split(", "))
    return f"{operator!r} does not take {listed}"


def _kind(kind: str) -> str:
    return _KINDS.get(kind) or ("an int" if kind == "int" else f"a {kind}")


def _unexpected(found: str, text: str, offset: int) -> str:
    if found == "<EOF>":
        return "the expression ends too early" if text.strip() else "the expression is empty"
    before = re.search(r"(\w+)\s+\Z", text[:offset])
    word = before[1] if before is not None and before[1] in _INSTEAD else found
    hint = f"; write {_INSTEAD[word]} instead" if word in _INSTEAD else ""
    return f"unexpected {word!r}{hint}"


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
