"""What templates compute with beyond Jinja2's own filters, and the budget that bounds a rendering.

Pure functions of JSON-like values, without Jinja2: `reconciler.core.template.sandbox` binds them. Each takes the
rendering's `Budget` first and spends from it what it makes.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from reconciler.core.findings.wrong import Wrong
from reconciler.model.errors import ReconcileError

MAX_TEXT: Final = 256 * 1024
"""The longest text that an expression makes, in characters."""
_UNITS: Final = 1_000_000
_TURN: Final = 40
_CALL: Final = 4
_TEXT_READ: Final = 64
_ITEMS_READ: Final = 4
"""How many characters, or items, are read for a unit."""
_STEPS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class TemplateError(ReconcileError):
    """A template cannot be compiled, or cannot be rendered for this event; the message is a sentence for people.

    `wrong` says where, for one that cannot be compiled.
    """

    def __init__(self, message: str, wrong: Wrong | None = None) -> None:
        super().__init__(message)
        self.wrong = wrong


class BudgetError(ValueError):
    """A rendering makes or repeats too much."""


class Budget:
    """What one rendering may still make: a character or an item costs 1, a turn of a loop more."""

    __slots__ = ("left",)

    def __init__(self, units: int = _UNITS) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        """Take `units`; raises BudgetError when there are not as many."""
        self.left -= units
        if self.left < 0:
            raise BudgetError("it repeats or makes too much")


def each(budget: Budget, values: Iterable[Any]) -> Iterator[Any]:
    """Yield `values`, every turn at a price."""
    for value in values:
        budget.spend(_TURN)
        yield value


def weighed(budget: Budget, value: Any) -> Any:
    """Return `value` after paying for all that it holds, counted as often as it would be printed."""
    pending = [value]
    while pending:
        item = pending.pop()
        budget.spend(1)
        if isinstance(item, str):
            budget.spend(len(item))
        elif isinstance(item, Mapping):
            budget.spend(len(item))
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            budget.spend(len(item))
            pending.extend(item)
    return value


def read(budget: Budget, value: Any) -> Any:
    """Return `value` after paying a little for all that whoever is given it may read; an iterator pays as it goes."""
    if isinstance(value, str):
        budget.spend(_CALL + len(value) // _TEXT_READ)
        return value
    if isinstance(value, Iterator):
        return _counted(budget, value)
    budget.spend(_CALL)
    pending, seen = [value], 0
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            budget.spend(len(item) // _TEXT_READ)
        elif isinstance(item, Mapping):
            budget.spend(len(item) // _ITEMS_READ)
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            budget.spend(len(item) // _ITEMS_READ)
            pending.extend(item)
        seen += 1
        if seen % _ITEMS_READ == 0:  # lists of one, in one another or side by side, are not free
            budget.spend(1)
    return value


def _counted(budget: Budget, values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        budget.spend(1)
        yield value


def text_of(budget: Budget, value: Any) -> str:
    """Return what a value prints as: text as it is, nothing for null, JSON for the rest."""
    if isinstance(value, str):
        text = str(value)
    elif value is None:
        return ""
    elif isinstance(value, bool | int | float | list | tuple | Mapping):
        return tojson(budget, value)
    elif isinstance(value, Iterator):
        return tojson(budget, list(each(budget, value)))
    else:
        text = str(value)
    return _paid(budget, text)


def joined(budget: Budget, values: Iterable[Any], separator: str = "") -> str:
    """Return the texts of `values` with `separator` between them."""
    parts: list[str] = []
    length = 0
    for value in values:
        parts.append(text_of(budget, value))
        length += len(parts[-1]) + len(separator)
        if length > MAX_TEXT:
            raise BudgetError(f"an expression makes more than {MAX_TEXT} characters")
    return _paid(budget, separator.join(parts))


def tojson(budget: Budget, value: Any, indent: int | None = None) -> str:
    """Return `value` as JSON, keys in their order; `indent` is 0 to 8 spaces or none for one line."""
    if indent is not None and not 0 <= indent <= 8:
        raise ValueError("the indent of tojson is 0 to 8")
    separators = (", ", ": ") if indent is None else (",", ": ")
    encoder = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, indent=indent, separators=separators, default=_plain
    )
    parts: list[str] = []
    for part in encoder.iterencode(value):
        budget.spend(len(part))
        parts.append(part)
    return "".join(parts)


def replace(budget: Budget, value: Any, old: str, new: str, count: int = -1) -> str:
    """Return the text with `old` replaced by `new`, the first `count` times or everywhere."""
    text = text_of(budget, value)
    times = text.count(old) if count < 0 else min(count, text.count(old))
    budget.spend(max(0, times * (len(new) - len(old))))
    return _paid(budget, text.replace(old, new, count))


def indent(budget: Budget, value: Any, width: int = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002 - Jinja2's signature
    """Return the text with each line after the first moved right by `width` (0 to 80) spaces."""
    if not 0 <= width <= 80:
        raise ValueError("the width of indent is 0 to 80")
    lines = text_of(budget, value).splitlines()
    budget.spend(len(lines) * width)
    pad = " " * width
    moved = [pad + line if (line or blank) and (index or first) else line for index, line in enumerate(lines)]
    return "\n".join(moved)


def rounded(budget: Budget, value: float, precision: int = 0) -> float:  # noqa: ARG001 - bound like the others
    """Return the number rounded to `precision` (0 to 15) digits."""
    if not 0 <= precision <= 15:
        raise ValueError("the precision of round is 0 to 15")
    return round(value, precision) if precision else round(value)


def total(budget: Budget, values: Iterable[Any], attribute: str | int | None = None, start: float = 0) -> float:
    """Return the sum of numbers, or of one attribute of each; lists are not added up, which copies them every time."""
    result = start
    for value in each(budget, values):
        number = value if attribute is None else _at(value, attribute)
        if not isinstance(number, int | float) or not isinstance(result, int | float):
            raise TypeError("sum adds numbers up")
        result += number
    return result


def _at(value: Any, attribute: str | int) -> Any:
    """Return what stands at `a.b` in lists and mappings."""
    for key in attribute.split(".") if isinstance(attribute, str) else [attribute]:
        value = value[int(key) if isinstance(value, list | tuple) else key]
    return value


def escape(budget: Budget, value: Any) -> str:
    """Return the text with `&`, `<`, `>` and quotes as HTML entities."""
    return _paid(budget, html.escape(text_of(budget, value)))


def string(budget: Budget, value: Any) -> str:
    """Return what the value prints as."""
    return text_of(budget, value)


def strftime(budget: Budget, value: Any, form: str) -> str:
    """Return an RFC 3339 time in the form of C's strftime, such as `%d %B %H:%M`."""
    if len(form) > 100 or re.search(r"%[^a-zA-Z%]", form):
        raise ValueError(f"strftime cannot use the form {form[:40]!r}")
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return _paid(budget, moment.strftime(form))


def duration(budget: Budget, value: float) -> str:
    """Return seconds in words of two units at most, such as `2 hours 5 minutes`."""
    left, words = int(value), []
    for name, size in _STEPS:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {name}{'' if count == 1 else 's'}")
    return _paid(budget, " ".join(words[:2]) or "0 seconds")


def _paid(budget: Budget, text: str) -> str:
    budget.spend(len(text))
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)  # raises for what is undefined


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "duration": duration,
    "e": escape,
    "escape": escape,
    "indent": indent,
    "join": joined,
    "replace": replace,
    "round": rounded,
    "strftime": strftime,
    "string": string,
    "sum": total,
    "tojson": tojson,
}
"""Those that a template may name."""
