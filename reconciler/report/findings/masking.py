"""Lines of somebody's file with what may be a secret masked: for snippets, also of files that are no YAML at all.

It reads no grammar, since the file may have none; it goes by names, by what stands in and beneath them, and by what
keys and tokens look like. In doubt it masks. Exact places of secrets, where validation knows them, come on top. Pure.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final, overload

from reconciler.model.diagnostic import Span
from reconciler.model.secret_names import sounds_secret
from reconciler.model.secret_shapes import mask_shapes

_FAR: Final = 500
"""How many lines above a line are looked at for the key that it belongs to."""
_LONGEST: Final = 20_000
"""A longer line is masked as a whole."""
_MOST_KEYS: Final = 200
"""Behind so many keys in one line, all is masked."""
_KEY = re.compile(r"""(?:^|[\s{\[,?"'-])(?P<key>["']?[\w][\w .-]{0,100}?)["']?\s*\Z""")
_BEGINS_WITH_KEY = re.compile(r"""\s*(?:- +|\? +)*["']?(?P<key>\w[\w .-]{0,100}?)["']?\s*[:=]""")
_FIRST_WORD = re.compile(r"""\s*(?:- +)*["']?(?P<key>[\w.-]{1,100})["']?(?=\s)""")
_SEPARATOR = re.compile("[:=]")
_IS_REFERENCE = re.compile(r"""\{\s*["']?secret["']?\s*:""")
_REFERENCE = re.compile(r"""["']?(?:env:[A-Z_][A-Z0-9_]*|file:[\w./-]+)["']?(?=\s*(?:[,}#]|\Z))""")
_PATTERNS = re.compile(r"""\[\s*(?:["'](?:env:[A-Z0-9_*]+|file:[\w./*-]+)["']\s*(?:,\s*)?)+\]\s*(?:#.*)?\Z""")
"""What a policy says of references, in `secrets`: patterns of names, which are no values."""
_OF_REFERENCE = re.compile(r"""\s*(?:- +)*["']?(?:secret|format)["']?\s*:""")
_HAS_SECRET = re.compile(r"""secret["']?\s*[:=]""")
_FORMAT = re.compile(r"""["']?(?:[A-Za-z]{1,16} )?\{\}["']?(?=\s*(?:[,}#]|\Z))""")
_ENCODED = re.compile(r"\s*[A-Za-z0-9+/=]{24,}\s*\Z")
"""A whole line of what is encoded, as in a private key."""
_OPENS_TEXT = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?\Z")


class MaskedLines(Sequence[str]):
    """The lines of one file, each as long as it is, with `*` for each character that is not to be seen.

    `names` are keys known to hold secrets, `hidden` the exact places of some.
    """

    def __init__(self, lines: Sequence[str], names: Collection[str] = (), hidden: Iterable[Span] = ()) -> None:
        self._lines = lines
        self._names = frozenset(names)
        self._hidden = tuple(hidden)
        self._keys: dict[int, tuple[bool, int] | None] = {}

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._masked(self._lines[index], index % len(self) + 1)

    def _masked(self, line: str, number: int) -> str:
        if len(line) > _LONGEST:
            return "*" * len(line)
        masked = _between(line, [*self._spans(line, number), *self._beneath(line, number), *self._values(line, number)])
        return "*" * len(masked) if _ENCODED.match(masked) else mask_shapes(masked)

    def _spans(self, line: str, number: int) -> Iterable[tuple[int, int]]:
        for span in self._hidden:
            if span.line <= number <= span.end_line:
                yield (
                    span.column - 1 if span.line == number else 0,
                    span.end_column - 1 if span.end_line == number else len(line),
                )

    def _is_secret(self, key: str) -> bool:
        return key in self._names or sounds_secret(key)

    def _values(self, line: str, number: int) -> Iterable[tuple[int, int]]:
        """Yield what stands behind each key in this line that sounds secret, and behind `format` in a reference."""
        done = 0
        in_reference = "format" in line and (_HAS_SECRET.search(line) or self._is_beneath(line, number))
        for count, separator in enumerate(_SEPARATOR.finditer(line)):
            at = separator.end()
            if count > _MOST_KEYS:
                yield at, len(line)
                return
            if at <= done:
                continue
            key = _KEY.search(line[max(0, at - 110) : at - 1])
            name = key["key"].strip("\"'") if key is not None else ""
            word, space, _ = name.partition(" ")
            if key is not None and space and self._is_secret(word):  # the colon stands behind the secret, or within it
                yield max(0, at - 110) + key.start("key") + key["key"].index(" "), at - 1
            if self._is_secret(name) or (in_reference and name == "format"):
                done = _end_of_value(line, at)
                if done > at:
                    yield at, done
        first = None if _BEGINS_WITH_KEY.match(line) else _FIRST_WORD.match(line)
        if first is not None and self._is_secret(first["key"]):
            yield first.end(), len(line)

    def _beneath(self, line: str, number: int) -> Iterable[tuple[int, int]]:
        """Yield all of this line where it belongs to a secret that is named further up."""
        if line.strip() and not _OF_REFERENCE.match(line) and self._is_beneath(line, number):
            yield 0, len(line)

    def _is_beneath(self, line: str, number: int) -> bool:
        least, has_key = _indent(line), _BEGINS_WITH_KEY.match(line) is not None
        for above in range(number - 2, max(0, number - 1 - _FAR) - 1, -1):
            found = self._keys[above] if above in self._keys else self._key(above)
            if found is None:
                continue
            is_secret, indent = found
            if is_secret and (not has_key or indent < least):
                return True
            has_key = True  # a line without a key goes on with the one above it; from there, only indentation counts
            least = min(least, indent)
            if least == 0:
                break
        return False

    def _key(self, index: int) -> tuple[bool, int] | None:
        """Return of the key that a line begins with whether it is secret, and its indentation; None without one."""
        line = self._lines[index]
        key = _BEGINS_WITH_KEY.match(line) or _FIRST_WORD.match(line)
        is_secret = key is not None and self._is_secret(key["key"])
        is_none = key is None or not line.strip() or (key.re is _FIRST_WORD and not is_secret)
        found = self._keys[index] = None if is_none else (is_secret, _indent(line))
        return found


def _end_of_value(line: str, at: int) -> int:
    """Return where the value that begins behind `at` ends; `at` itself where nothing is to be masked."""
    begin = at + len(line[at:]) - len(line[at:].lstrip())
    rest = line[begin:]
    if (
        not rest
        or _IS_REFERENCE.match(rest)
        or _REFERENCE.match(rest)
        or _FORMAT.match(rest)
        or _PATTERNS.match(rest)
        or _OPENS_TEXT.match(rest)
    ):
        return at
    in_flow = line.count("{", 0, at) + line.count("[", 0, at) > line.count("}", 0, at) + line.count("]", 0, at)
    if rest[0] in "\"'":
        closed = line.find(rest[0], begin + 1)
        behind = line[closed + 1 :].lstrip()
        if closed > 0 and line[closed - 1] != "\\" and (not behind or (in_flow and behind[0] in ",}]")):
            return closed + 1
        return len(line)
    if in_flow and rest[0] not in "{[":
        found = re.search(r"[,}\]]", rest)
        return begin + found.start() if found else len(line)
    return len(line)


def _between(line: str, places: Iterable[tuple[int, int]]) -> str:
    for start, stop in places:
        text = line[start:stop]
        kept = len(text) - len(text.lstrip())
        line = line[: start + kept] + "*" * (len(text) - kept) + line[stop:]
    return line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t-"))
