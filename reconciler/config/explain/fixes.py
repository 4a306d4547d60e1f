"""Which findings can be fixed by writing something else, and how sure that is. Pure; those who word findings ask.

A safe fix keeps what was meant: a typing mistake in a key's name, another spelling of a boolean, quotes around
what is asked for as text. What only looks like what was meant is a suggestion, which no program writes by itself.
"""

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from reconciler.config.explain.text import OLD_BOOLEANS
from reconciler.config.yaml.nodes import Written
from reconciler.config.yaml.writer import write_yaml
from reconciler.model.diagnostic import Applicability, Edit, Fix

_SHORTEST: Final = 4
"""In a word of three letters a slip may well be another word: a unit, a side, a number."""
_WORDS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?")


def rename_key(written: Written | None, near: str, known: Iterable[str], present: Collection[str]) -> Fix | None:
    """Return the fix that writes the known key `near`; None where it stands there already.

    `known` are the keys that may stand there, `present` those that do. It is safe where one slip separates the two,
    separates no other known key from what was written, and nothing else in the mapping could mean the same key.
    """
    if written is None or near in present:
        return None
    sure = (
        _is_typo(written.text, near)
        and [name for name in known if is_one_slip(written.text, name)] == [near]
        and [name for name in present if name not in known and is_one_slip(name, near)] == [written.text]
    )
    return _respelt(written, near, sure=sure)


def choose(written: Written | None, value: Any, near: str | None, allowed: Iterable[Any]) -> Fix | None:
    """Return the fix that writes one of the `allowed` values: safe where it differs in the case of letters alone."""
    if written is None:
        return None
    if not isinstance(value, str):
        return quote(written) if written.text in allowed else None
    same = [one for one in allowed if isinstance(one, str) and one.casefold() == value.casefold()]
    if len(same) == 1:
        return _respelt(written, same[0], sure=True)
    return suggest(written, near)


def suggest(written: Written | None, near: str | None) -> Fix | None:
    """Return the fix that writes `near`, which is only a guess."""
    return None if written is None or near is None else _respelt(written, near, sure=False)


def convert(written: Written | None, value: Any, kinds: Collection[str]) -> Fix | None:
    """Return the fix that writes the same value as one of `kinds`, JSON Schema's names of types."""
    if written is None:
        return None
    if "string" in kinds:
        return quote(written) if value is not None and not isinstance(value, str) else None
    if not isinstance(value, str):
        return None
    lower = value.lower()
    if "boolean" in kinds and (lower in {"true", "false"} if written.quote else lower in OLD_BOOLEANS):
        return _plain(written, OLD_BOOLEANS.get(lower, lower))
    number = _NUMBER if "number" in kinds else _INTEGER if "integer" in kinds else None
    return _plain(written, value) if written.quote and number and number.fullmatch(value) else None


def quote(written: Written) -> Fix | None:
    """Return the fix that puts a plain scalar in quotes, as it is written."""
    return None if written.quote or not written.text.isprintable() else _plain(written, f'"{written.text}"')


def is_one_slip(written: str, meant: str) -> bool:
    """Whether one letter more, less, wrong or swapped, or case and hyphens alone, separate two different names."""
    if written == meant:
        return False
    one, two = _folded(written), _folded(meant)
    if one == two:
        return True
    if abs(len(one) - len(two)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    one, two = one[start:], two[start:]
    return (
        one[1:] == two[1:]
        or one[1:] == two
        or one == two[1:]
        or (one[:2] == two[1::-1] and len(two) > 1 and one[2:] == two[2:])
    )


def _is_typo(written: str, meant: str) -> bool:
    """Whether a slip leaves no doubt: it is within one word of some length, and changes no digit.

    `timeout_m` is not a slip for `timeout_s`, nor is `key1` one for `key2`.
    """
    one, two = ([word.lower() for word in _WORDS.split(name)] for name in (written, meant))
    if "".join(one) == "".join(two):
        return len(meant) >= _SHORTEST
    wrong = [(a, b) for a, b in zip(one, two, strict=False) if a != b]
    return (
        len(one) == len(two)
        and len(wrong) == 1
        and len(wrong[0][1]) >= _SHORTEST
        and re.sub(r"\D", "", wrong[0][0]) == re.sub(r"\D", "", wrong[0][1])
    )


def _folded(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def _respelt(written: Written, text: str, *, sure: bool) -> Fix | None:
    """Write another text in the same quotes; without quotes only where nobody could take it for something else."""
    if written.quote:
        if not text.isprintable() or written.quote in text or "\\" in text:
            return None
        new = f"{written.quote}{text}{written.quote}"
    else:
        new = write_yaml(text).rstrip("\n")
    return _plain(written, new, Applicability.SAFE if sure else Applicability.UNSURE)


def _plain(written: Written, new: str, applicability: Applicability = Applicability.SAFE) -> Fix:
    return Fix(f"write {new}", (Edit.at(written.span, new),), applicability)
