"""Adds one entry to an object in JSON with comments, as editors keep their settings, leaving every other character.

Pure. What was added is read back; if that is not the old value with the entry in it, nothing was: the caller then
tells the user what to write.
"""

import json
import re
from itertools import pairwise
from typing import Any

_TOKEN = re.compile(r'\s+|"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|[{}\[\],:]|[^\s{}\[\],:"/]+', re.DOTALL)
_EMPTY = re.compile(r"\A\s*\Z")
Place = tuple[str, ...]


class NotMergeable(Exception):
    """The text is not understood, or says something else at the place already."""


def with_entry(text: str, place: Place, value: Any) -> str:
    """Return `text` with `value` at the end of the keys `place`; objects on the way there are made.

    The same text where it stands there already. Raises NotMergeable.
    """
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        return with_entry(text.replace("\r\n", "\n"), place, value).replace("\n", "\r\n")
    if _EMPTY.match(text):
        return json.dumps(_nested(place, value), indent=2) + "\n"
    before = parse(text)
    if not isinstance(before, dict):
        raise NotMergeable
    known, rest = _known(before, place)
    if not rest:
        if _at(before, place) == value:
            return text
        raise NotMergeable
    entry = _nested(rest, value)
    start, has_more = _opening(text, known)
    line = (
        json.dumps(rest[0]) + ": " + json.dumps(entry[rest[0]], indent=2).replace("\n", "\n" + _indent(len(known) + 1))
    )
    done = f"{text[:start]}\n{_indent(len(known) + 1)}{line}{',' if has_more else ''}{_tail(text[start:], len(known))}"
    wanted = parse(text)
    _at(wanted, known)[rest[0]] = entry[rest[0]]
    if parse(done) != wanted:
        raise NotMergeable
    return done


def parse(text: str) -> Any:
    """Return the value of JSON with comments and trailing commas. Raises NotMergeable."""
    words = [word for _, word in _words(text)]
    kept = [word for word, after in zip(words, [*words[1:], ""], strict=True) if word != "," or after not in {"}", "]"}]
    try:
        return json.loads(" ".join(kept))
    except (ValueError, RecursionError):
        raise NotMergeable from None


def _words(text: str) -> list[tuple[int, str]]:
    """Return where each token ends, and the token; comments are left out, a byte order mark as well."""
    found = []
    position = len(text) - len(text.removeprefix("\ufeff"))
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # never searched for: looking from every place on takes a minute for a file of `/*`
            raise NotMergeable
        position = match.end()
        if match[0].strip() and not match[0].startswith(("//", "/*")):
            found.append((match.end(), match[0]))
    return found


def _opening(text: str, place: Place) -> tuple[int, bool]:
    """Return where the object at `place` opens (past its brace), and whether it has an entry."""
    words = _words(text)
    path: list[str] = []
    key = ""
    for (end, word), (_, after) in pairwise(words):
        if word == "{":
            path.append(key)
            if tuple(path[1:]) == place:
                return end, after != "}"
        elif word == "[":
            path.append("[")
        elif word in {"}", "]"}:
            path.pop()
        elif after == ":":
            key = json.loads(word)
    raise NotMergeable


def _known(value: Any, place: Place) -> tuple[Place, Place]:
    """Split `place` where `value` stops to have objects."""
    for index, key in enumerate(place):
        if not isinstance(value, dict):
            raise NotMergeable
        if key not in value:
            return place[:index], place[index:]
        value = value[key]
    return place, ()


def _at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _nested(place: Place, value: Any) -> dict[str, Any]:
    for key in reversed(place):
        value = {key: value}
    return dict(value)


def _indent(depth: int) -> str:
    return "  " * depth


def _tail(rest: str, depth: int) -> str:
    """Return what follows the new entry, on a line of its own."""
    found = rest.lstrip(" \t")
    if found.startswith("}"):
        return f"\n{_indent(depth)}{found}"
    if found.startswith(("\n", "\r", "//", "/*")):
        return rest
    return f"\n{_indent(depth + 1)}{found}"
