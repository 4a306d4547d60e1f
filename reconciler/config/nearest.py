"""The nearest name, for "did you mean": one measure for keys, integrations, event types and rules."""

from collections.abc import Iterable

_ENOUGH = 0.7


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None when none is like it."""
    from difflib import get_close_matches

    by_lower = {one.lower(): one for one in known}
    found = get_close_matches(name[:100].lower(), list(by_lower), n=1, cutoff=_ENOUGH)
    return by_lower[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a help line: the nearest name, or else what is known."""
    names = sorted(known)
    near = nearest(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"known are {shown}" if names else ""
