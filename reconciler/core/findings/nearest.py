"""The nearest name, for "did you mean": one measure for keys, ids, event types, rules and verbs. Pure."""

from collections.abc import Iterable
from typing import Final

_ENOUGH: Final = 0.7
_LONGEST: Final = 100
_MOST: Final = 2000
"""Comparing is quadratic in the length of names: beyond these, no name is looked for."""
COMPARISONS: Final = 50_000
"""How many comparisons one user of `Names` may ask for: about a second."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None when none is like it."""
    by_lower = {one.lower(): one for one in known}
    if len(name) > _LONGEST or len(by_lower) > _MOST:
        return None
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    from difflib import get_close_matches

    found = get_close_matches(name.lower(), sorted(by_lower), n=1, cutoff=_ENOUGH)
    return by_lower[found[0]] if found else None


class Names:
    """The same known names asked for many: a file of slips may not cost more than COMPARISONS between two names."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._left = COMPARISONS
        self._found: dict[str, str | None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def nearest(self, name: str, but: str = "") -> str | None:
        """Return the known name most like `name`, other than `but`; None as well once too much was asked."""
        if name not in self._found:
            self._found[name] = self._look(name, self._known)
        found = self._found[name]
        return found if not but or found != but else self._look(name, self._known - {but})

    def _look(self, name: str, known: frozenset[str]) -> str | None:
        if len(known) > _MOST or self._left < len(known):
            return None
        self._left -= len(known)
        return nearest(name, known)


def known_names(known: Iterable[str]) -> str:
    """Return a help line that lists what is known, shortened; empty where nothing is."""
    names = sorted(known)
    return f"known are {', '.join(names[:12])}{', …' if len(names) > 12 else ''}" if names else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a help line: the nearest name, or else what is known."""
    names = sorted(known)
    near = nearest(name, names)
    return f"did you mean `{near}`?" if near is not None else known_names(names)
