"""The `when` of a configuration: CEL, compiled once, evaluated on events, fails closed.

The only module that imports cel_expr_python. CEL has a builtin named `type`, so the variables live in the container
`event`: a name is looked up there first, and `type == "x"` and `type(x)` both work. The library bounds how deep an
expression nests and how often it loops; `cost.py` bounds what a turn may make and read.
"""

from collections import OrderedDict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from reconciler.core.filter.cost import LIMIT, Cost, TooCostly, cost_of, weight_of
from reconciler.core.filter.look import Look, find_wrong, is_fixed, look_at
from reconciler.core.filter.tree import root_of
from reconciler.core.findings.wrong import Wrong
from reconciler.model.event import Event

if TYPE_CHECKING:
    from cel_expr_python import cel

MAX_LENGTH: Final = 4096
"""How long an expression may be, in characters."""

VARIABLES: Final = ("id", "source", "type", "subject", "time", "data", "scope")
_CONTAINER: Final = "event"


class FilterSyntaxError(ValueError):
    """An expression that cannot be a filter; `wrong` says what is wrong with it and where."""

    def __init__(self, wrong: Wrong, text: str = "") -> None:
        super().__init__(wrong.message)
        self.wrong = wrong
        before = text[: wrong.offset]
        self.line = before.count("\n") + 1
        """The line in the expression, from 1."""
        self.column = len(before) - before.rfind("\n")
        """The column in that line, from 1."""


class FilterError(Exception):
    """An expression that failed on an event, or gave something that is not a boolean."""


class CompiledFilter:
    """One compiled expression."""

    __slots__ = ("_cost", "_expression", "text")

    def __init__(self, text: str, expression: "cel.Expression", cost: Cost) -> None:
        self.text = text
        self._expression = expression
        self._cost = cost

    def matches(self, activation: "Activation") -> bool:
        """Return what the expression says of an event; raises FilterError unless it says true or false."""
        if (self._cost.once or self._cost.in_loops) and self._cost.of(*activation.weight) > LIMIT:
            raise FilterError("the event is too large for what the expression does with it")
        try:
            value = self._expression.eval(activation.native)
            kind, result = value.type().name(), value.value()
        except Exception as error:
            raise FilterError(_first_line(error)) from error
        if kind == "BOOL" and isinstance(result, bool):
            return result
        if kind == "ERROR":
            raise FilterError(_first_line(result))
        raise FilterError(f"the expression gave {kind.lower()}, expected true or false")


class Activation:
    """An event as expressions see it, converted once for all of them."""

    __slots__ = ("_values", "_weight", "native")

    def __init__(self, environment: "cel.Env", event: Event) -> None:
        self._weight: tuple[int, int] | None = None
        values = {
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject or "",
            "time": event.time,
            "data": event.data,
            "scope": dict(event.scope),
        }
        self._values = values
        self.native = environment.Activation({f"{_CONTAINER}.{key}": value for key, value in values.items()})

    @property
    def weight(self) -> tuple[int, int]:
        """How much there is to read in the event, and how long its longest list or object is."""
        if self._weight is None:
            weight, longest = weight_of(self._values)
            self._weight = weight + MAX_LENGTH // 16, longest
        return self._weight


class Filters:
    """Compiles expressions, each text once, and turns events into activations; used on one thread.

    Making the environment costs as much as thirty expressions: who compiles many keeps one of these.
    """

    def __init__(self, keep: int = 10_000) -> None:
        self._keep = keep
        self._compiled: OrderedDict[str, CompiledFilter] = OrderedDict()
        self._environment: cel.Env | None = None

    def compile(self, text: str) -> CompiledFilter:
        """Return the compiled form of `text`; raises FilterSyntaxError."""
        known = self._compiled.get(text)
        if known is not None:
            self._compiled.move_to_end(text)
            return known
        compiled = CompiledFilter(text, *_compile(self._env(), text)[:2])
        self._compiled[text] = compiled
        if len(self._compiled) > self._keep:
            self._compiled.popitem(last=False)
        return compiled

    def look(self, text: str) -> Look:
        """Return what is certain of an expression before there is any event; raises FilterSyntaxError."""
        expression, cost, root = _compile(self._env(), text)
        if not is_fixed(root, _CONTAINER):
            return look_at(root, _CONTAINER)
        try:
            always = CompiledFilter(text, expression, cost).matches(self.activation(Event(type="t", source="s")))
        except FilterError:
            always = False
        return Look(never=not always, always=always)

    def activation(self, event: Event) -> Activation:
        """Return `event` as expressions see it; raises FilterError where CEL cannot hold it."""
        try:
            return Activation(self._env(), event)
        except Exception as error:
            raise FilterError(_first_line(error)) from error

    def _env(self) -> "cel.Env":
        if self._environment is None:
            self._environment = _environment()
        return self._environment


def _environment() -> "cel.Env":
    from cel_expr_python import cel

    kinds = dict.fromkeys(("id", "source", "type", "subject"), cel.Type.STRING)
    kinds |= {"time": cel.Type.TIMESTAMP, "data": cel.Type.DYN, "scope": cel.Type.Map(cel.Type.STRING, cel.Type.STRING)}
    return cel.NewEnv(variables={f"{_CONTAINER}.{name}": kind for name, kind in kinds.items()}, container=_CONTAINER)


def _compile(environment: "cel.Env", text: str) -> "tuple[cel.Expression, Cost, bytes]":
    if len(text) > MAX_LENGTH:
        raise _refusal(f"the expression has {len(text)} characters, at most {MAX_LENGTH} are taken", text)
    try:
        text.encode()
        expression = environment.compile(text)
    except UnicodeEncodeError as error:
        raise FilterSyntaxError(Wrong("the expression holds half of a surrogate pair", error.start), text) from error
    except Exception as error:
        from reconciler.core.filter.messages import describe  # a tenth of a start, and needed for what is wrong alone

        raise FilterSyntaxError(describe(str(error), text, VARIABLES), text) from error
    kind = expression.return_type().name().lower()
    if kind not in {"bool", "dyn"}:
        raise _refusal(f"the expression gives {kind}, expected true or false", text)
    root = root_of(expression.serialize())
    try:
        cost = cost_of(root)
    except TooCostly as error:
        raise _refusal(str(error), text) from None
    wrong = find_wrong(root, text, _CONTAINER, partial(_can_read, environment))
    if wrong is not None:
        raise FilterSyntaxError(wrong, text)
    return expression, cost, root


def _can_read(environment: "cel.Env", function: str, text: str) -> bool:
    """Whether a function that reads a text takes this one, which a person wrote into an expression."""
    call = f"{function}(id)"
    if function == "matches":
        call = '"".matches(id)'
    elif function.startswith("get"):
        call = f"time.{function}(id)"
    known = {f"{_CONTAINER}.id": text, f"{_CONTAINER}.time": datetime(2026, 1, 1, tzinfo=UTC)}
    value = environment.compile(call).eval(environment.Activation(known))
    return bool(value.type().name() != "ERROR")


def _first_line(error: object) -> str:
    from reconciler.core.filter.messages import first_line

    return first_line(str(error))


def _refusal(message: str, text: str) -> FilterSyntaxError:
    """Say something of the whole expression."""
    return FilterSyntaxError(Wrong(message, 0, len(text)), text)
