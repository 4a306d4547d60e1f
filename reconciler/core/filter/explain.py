"""Why a `when` does not hold for an event: the pieces that were false, with the values that they looked at.

Each piece is asked once, and each operand; together they may read twice what one evaluation may (`cost.py`).
Pure; `routing/trace.py` calls it. It shows what is in the event and nothing else.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from reconciler.core.filter.cost import LIMIT, cost_of
from reconciler.core.filter.filter import Activation, FilterError, Filters, FilterSyntaxError
from reconciler.core.filter.messages import first_line
from reconciler.core.filter.parts import Kind, Piece, take_apart
from reconciler.core.findings.nearest import nearest
from reconciler.model.event import Event
from reconciler.model.json import Json

_MOST_REASONS: Final = 8
_MOST_VALUES: Final = 4
_MOST_KEYS: Final = 12
_DEPTH: Final = 8
_TOO_LARGE: Final = "the event is too large for what the expression does with it"


class Truth(StrEnum):
    """What a piece says of an event."""

    TRUE = "true"
    FALSE = "false"
    ERROR = "error"


class Seen(Struct, frozen=True):
    """One value that a piece looked at: where, and what was there."""

    text: str
    value: Json


class Reason(Struct, frozen=True):
    """One piece that keeps the whole from being true: what it says, the error if there is one, and what it saw."""

    text: str
    truth: Truth
    error: str = ""
    seen: tuple[Seen, ...] = ()


class Explanation(Struct, frozen=True):
    """What an expression says of an event, and why where that is not true. `error` is the whole's."""

    text: str
    truth: Truth
    error: str = ""
    reasons: tuple[Reason, ...] = ()


class _Judged(Struct, frozen=True):
    piece: Piece
    truth: Truth
    error: str = ""
    parts: tuple["_Judged", ...] = ()


class Explainer(Filters):
    """Explains expressions about one event at a time; keeps what it has compiled."""

    _left = 0
    """How many values the explanation under way may still read."""

    def explain(self, text: str, event: Event) -> Explanation:
        """Return what `text` says of `event`. Never raises for either."""
        try:
            compiled, activation = self.compile(text), self.activation(event)
            truth = Truth.TRUE if compiled.matches(activation) else Truth.FALSE
        except FilterSyntaxError as error:
            return Explanation(text, Truth.ERROR, f"it does not compile: {error}")
        except FilterError as error:
            return self._explained(text, event, Truth.ERROR, str(error))
        return Explanation(text, truth) if truth is Truth.TRUE else self._explained(text, event, truth, "")

    def _explained(self, text: str, event: Event, truth: Truth, error: str) -> Explanation:
        try:
            activation = self.activation(event)
        except FilterError:  # CEL cannot hold the event: no piece can be asked
            return Explanation(text, truth, error)
        self._left = 2 * LIMIT
        judged = self._judge(take_apart(text), activation)
        if judged.truth is not truth:  # taken apart wrongly: better no reason than a wrong one
            return Explanation(text, truth, error)
        reasons = [
            Reason(one.piece.text, one.truth, _hinted(one, event), tuple(self._seen(one.piece, activation)))
            for one in list(_decisive(judged, wanted=Truth.TRUE))[:_MOST_REASONS]
        ]
        return Explanation(text, truth, error, tuple(reasons))

    def _judge(self, piece: Piece, activation: Activation) -> _Judged:
        if piece.kind not in {Kind.ALL, Kind.ANY, Kind.NOT}:
            return self._ask(piece, activation)
        parts = tuple(self._judge(part, activation) for part in piece.parts)
        truths = [part.truth for part in parts]
        if piece.kind is Kind.NOT:
            opposite = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}
            return _Judged(piece, opposite.get(truths[0], Truth.ERROR), parts[0].error, parts)
        settling, other = (Truth.FALSE, Truth.TRUE) if piece.kind is Kind.ALL else (Truth.TRUE, Truth.FALSE)
        truth = settling if settling in truths else Truth.ERROR if Truth.ERROR in truths else other
        return _Judged(piece, truth, next((part.error for part in parts if part.error), ""), parts)

    def _ask(self, piece: Piece, activation: Activation) -> _Judged:
        try:
            value = self._value(piece.text, activation)
        except FilterError as error:
            return _Judged(piece, Truth.ERROR, str(error))
        if isinstance(value, bool):
            return _Judged(piece, Truth.TRUE if value else Truth.FALSE)
        return _Judged(piece, Truth.ERROR, "it gave something else than true or false")

    def _seen(self, piece: Piece, activation: Activation) -> Iterator[Seen]:
        operands = [part for part in piece.parts if not part.is_constant] if piece.kind is Kind.COMPARISON else []
        texts = [part.text for part in operands] or list(piece.paths)
        if piece.kind is Kind.WHOLE and texts == [piece.text]:
            return  # what it says is the value
        for text in texts[:_MOST_VALUES]:
            try:
                yield Seen(text, _json(self._value(text, activation), _DEPTH))
            except FilterError:
                continue

    def _value(self, text: str, activation: Activation) -> Any:
        """Return what any expression gives, bounded as a filter is; raises FilterError."""
        try:
            expression = self._env().compile(text)
            cost = cost_of(expression.serialize())
            price = cost.of(*activation.weight) if cost.once or cost.in_loops else 0
            value = expression.eval(activation.native) if price <= self._left else None
            self._left -= price if value is not None else 0
            kind, result = ("ERROR", _TOO_LARGE) if value is None else (value.type().name(), value.value())
        except Exception as error:
            raise FilterError(first_line(str(error))) from error
        if kind == "ERROR":
            raise FilterError(first_line(str(result)))
        return result


def _decisive(judged: _Judged, wanted: Truth) -> Iterator[_Judged]:
    """Yield the pieces that keep `judged` from being what was wanted, the sure ones before those that failed."""
    kind = judged.piece.kind
    if kind is Kind.NOT:
        yield from _decisive(judged.parts[0], Truth.FALSE if wanted is Truth.TRUE else Truth.TRUE)
    elif kind in {Kind.ALL, Kind.ANY}:
        against = [part for part in judged.parts if part.truth is not wanted]
        sure = [part for part in against if part.truth is not Truth.ERROR]
        # `a && b` is false as soon as one is false, whatever became of the other.
        is_settled = bool(sure) and judged.truth is not Truth.ERROR
        for part in sure if is_settled else [part for part in against if part.truth is Truth.ERROR] or against:
            yield from _decisive(part, wanted)
    else:
        yield judged


def _hinted(judged: _Judged, event: Event) -> str:
    """Return a piece's error; that a key is not there is told with those that are."""
    if judged.truth is not Truth.ERROR:
        return ""
    told = next(filter(None, (_missing(path, event) for path in judged.piece.paths)), "")
    return told or judged.error


def _missing(path: str, event: Event) -> str:
    """Return which key of a dotted path into the data or the scope is not there, or the empty string."""
    root, *keys = path.split(".")
    value: Any = {"data": event.data, "scope": event.scope}.get(root)
    where = root
    for key in keys:
        if not isinstance(value, Mapping):
            return f"{where} has no keys: it is {_kind(value)}" if root in {"data", "scope"} else ""
        if key not in value:
            names = sorted(map(str, value))
            near = nearest(key, names)
            more = ", …" if len(names) > _MOST_KEYS else ""
            there = f"it has {', '.join(names[:_MOST_KEYS])}{more}" if names else "it is empty"
            return f"there is no `{key}` in {where}: " + (f"did you mean `{near}`?" if near else there)
        value, where = value[key], f"{where}.{key}"
    return ""


def _kind(value: object) -> str:
    names = {type(None): "null", str: "a string", list: "a list", bool: "a boolean"}
    return names.get(type(value), "a number")


def _json(value: Any, depth: int) -> Json:
    """Return a value of CEL's as JSON; what has no form there as text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    if depth and isinstance(value, Mapping):
        return {str(_plain(key)): _json(_plain(item), depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list | tuple):
        return [_json(_plain(item), depth - 1) for item in value]
    return str(value)


def _plain(value: Any) -> Any:
    """Unwrap what stands inside of a list or an object of CEL's."""
    return value.value() if hasattr(value, "type") and hasattr(value, "value") else value
