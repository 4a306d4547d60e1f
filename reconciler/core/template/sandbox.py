"""Jinja2 with its doors closed: the one module that imports it, loaded by the first template.

Config authors write templates, and a template must neither read what it was not given nor take the process down. So
there are no loaders, no macros and no captured blocks; attributes and filters are lists of what is allowed; and what
grows (loops, joined text, lists) spends a budget per rendering, so that time and memory have a bound. Called by
`reconciler.core.template.template` alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from io import StringIO
from typing import Any, Final

from jinja2 import StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.lexer import TokenStream
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import _PassArg, missing, pass_context
from jinja2.visitor import NodeTransformer

from reconciler.core.template.filters import FILTERS, Budget, TemplateError, each, joined, read, text_of, weighed
from reconciler.core.template.names import (
    MAPPING_METHODS,
    Asked,
    Kinds,
    asked_fields,
    written,
    wrong_names,
    wrong_variable,
)
from reconciler.core.template.places import syntax_error, tokens

_KEPT_FILTERS: Final = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort",
    "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
_QUICK: Final = frozenset({"count", "d", "default", "first", "length", "defined", "undefined", "none"})
"""Filters and tests that take the same time whatever they are given."""
_STRING_METHODS: Final = frozenset({
    "capitalize", "count", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower", "isnumeric", "isspace",
    "isupper", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rfind", "rpartition", "rsplit",
    "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title", "upper",
})  # fmt: skip
_BUDGET: Final = " budget"
"""The budget's place among the variables: no template can write this name."""
_MAX_RANGE: Final = 10_000
_MAX_INTEGER: Final = 2**128
_REFUSED: Final[dict[type[nodes.Node], str]] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.AssignBlock: "set … endset",
    nodes.FilterBlock: "filter … endfilter",
}


class Compiled:
    """One compiled template. `asked` are the fields of its variables that it asks for by name."""

    def __init__(self, template: Template, asked: tuple[Asked, ...] = ()) -> None:
        self._template = template
        self.asked = asked

    def render(self, context: Mapping[str, Any], limit: int) -> str:
        """Return the text, at most `limit` characters; raises TemplateError."""
        parts: list[str] = []
        length = 0
        try:
            for part in self._template.generate({**context, _BUDGET: Budget()}):
                length += len(part)
                if length > limit:
                    raise TemplateError(f"it makes more than {limit} characters")
                parts.append(part)
        except (JinjaError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise TemplateError(_sentence(error)) from None
        return "".join(parts)


class Sandbox:
    """Turns texts into compiled templates. Holds no template."""

    def __init__(self) -> None:
        self._environment = _Environment()
        self._kinds = Kinds(self._environment.filters, self._environment.tests)

    def prepare(self, text: str, names: Collection[str]) -> Compiled:
        """Compile `text`, which may use the variables `names`; raises TemplateError with a sentence."""
        environment = self._environment
        try:
            tree = environment.parse(text)
            wrong = next(wrong_names(tree, text, self._kinds), None)
            if wrong is not None:
                raise TemplateError(wrong.message, wrong)
            asked = tuple(asked_fields(tree, text))
            generator = _Generator(environment, None, None)
            generator.visit(_Guard().visit(tree))
            unknown = generator.undeclared - set(names) - environment.globals.keys()
            wrong = wrong_variable(tree, text, unknown, names)
            if wrong is not None:
                raise TemplateError(wrong.message, wrong)
            code = compile(generator.stream.getvalue(), "<template>", "exec")
        except TemplateSyntaxError as error:
            wrong = syntax_error(error, text)
            place = f" (line {error.lineno})" if "\n" in text.strip() else ""
            raise TemplateError(wrong.message + place, wrong) from None
        except (RecursionError, MemoryError, SyntaxError, OverflowError, ValueError):
            raise TemplateError("it is nested too deeply or holds a number that is too large") from None
        return Compiled(Template.from_code(environment, code, environment.make_globals(None)), asked)


class _Generator(CodeGenerator):
    """Writes the code of a template, and notes the variables that it does not set itself."""

    stream: StringIO

    def __init__(self, environment: "_Environment", name: str | None, filename: str | None) -> None:
        super().__init__(environment, name, filename, stream=StringIO(), optimized=environment.optimized)
        self.undeclared: set[str] = set()

    def enter_frame(self, frame: Frame) -> None:
        """Note what the code of a frame looks up in the context."""
        super().enter_frame(frame)
        self.undeclared.update(str(name) for action, name in frame.symbols.loads.values() if action == "resolve")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - Jinja2's visitors
        """Write the look-up with the whole field, for the error."""
        self.write("environment.getattr(")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r}, {written(node)!r})")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802 - Jinja2's visitors
        """Write the look-up with the whole field, for the error."""
        if isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("environment.getitem(")
        self.visit(node.node, frame)
        self.write(", ")
        self.visit(node.arg, frame)
        self.write(f", {written(node)!r})")


class _Missing(StrictUndefined):
    """Says what was not there in the words of a config's author; `written` is how the template asked for it."""

    written = ""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"there is no variable {self._undefined_name!r}"
        kind = "an object" if isinstance(self._undefined_obj, Mapping) else _kind(self._undefined_obj)
        advice = f"write {self.written} | default(…)" if self.written else "put `| default(…)` behind it"
        return f"there is no {self._undefined_name!r} in {kind}: {advice} if it may be absent"


def _asked_as(asked: str, found: Any) -> Any:
    """Let what is missing know how it was asked for."""
    if asked and isinstance(found, _Missing):
        found.written = asked
    return found


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox of Jinja2 with lists of what is allowed in place of lists of what is not."""

    intercepted_binops = frozenset({"+", "*", "**", "%", "//", "/", "-"})
    intercepted_unops = frozenset()

    def __init__(self) -> None:
        super().__init__(undefined=_Missing, autoescape=False, finalize=_priced(text_of), optimized=False, cache_size=0)
        inner: dict[str, Callable[..., Any]] = {"_each": each, "_joined": joined, "_weighed": weighed, "_read": read}
        ours = {name: _priced(function) for name, function in {**FILTERS, **inner}.items()}
        self.filters = {name: _reading(name, self.filters[name]) for name in _KEPT_FILTERS} | ours
        tests: Mapping[str, Any] = self.tests
        self.tests = {name: _reading(name, test) for name, test in tests.items()}
        self.globals = {"range": _short_range}

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return tokens(self.lexer, source, name, filename, state)

    def getattr(self, obj: Any, attribute: str, asked: str = "") -> Any:
        """Look into a mapping before its methods, so that a key `items` or `count` is found."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return _asked_as(asked, super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any, asked: str = "") -> Any:
        """Look up a key or an index."""
        return _asked_as(asked, super().getitem(obj, argument))

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what is allowed, at a price for what it reads and for the list that it makes."""
        budget = context[_BUDGET]
        for value in (getattr(obj, "__self__", None), *args, *kwargs.values()):
            if not isinstance(value, Iterator):
                read(budget, value)
        return _made(budget, super().call(context, obj, *args, **kwargs))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ARG002 - Jinja2's signature
        """Refuse `str.format`, whose widths have no bound."""
        return None

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja2's signature
        """Allow what is listed; a leading underscore never is."""
        if attr.startswith("_"):
            return False
        if isinstance(obj, str):
            return attr in _STRING_METHODS
        if isinstance(obj, Mapping):
            return attr in MAPPING_METHODS
        return isinstance(obj, LoopContext | tuple)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute with numbers of a bounded size; join texts and lists at a price; refuse the rest."""
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return super().call_binop(context, operator, left, right)
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" and (not numbers or abs(right) > 64 or abs(left) > 10**6):
            raise SecurityError("the numbers of this power are too large")
        if not numbers and operator != "+":
            raise SecurityError(f"{operator} takes two numbers, not {_kind(left)} and {_kind(right)}")
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, int) and abs(result) > _MAX_INTEGER:
            raise SecurityError("a number is too large")
        return result if numbers else weighed(context[_BUDGET], result)


class _Guard(NodeTransformer):
    """Rewrites a template so that what grows spends the budget, and refuses what could get around it."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        word = _REFUSED.get(type(node))
        if word is not None:
            raise TemplateSyntaxError(f"'{word}' is not available here", node.lineno)
        return super().generic_visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2's visitors
        if node.recursive:
            raise TemplateSyntaxError("a recursive loop is not available here", node.lineno)
        self.generic_visit(node)
        node.iter = _filter(node.iter, "_each")
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - Jinja2's visitors
        self.generic_visit(node)
        node.expr = _filter(node.expr, "_read")
        for operand in node.ops:
            operand.expr = _filter(operand.expr, "_read")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja2's visitors
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "_joined")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802 - Jinja2's visitors
        self.generic_visit(node)
        return node if node.ctx == "store" else _filter(node, "_weighed")

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802 - Jinja2's visitors
        return _filter(self.generic_visit(node), "_weighed")

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802 - Jinja2's visitors
        return _filter(self.generic_visit(node), "_weighed")


def _filter(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _priced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have Jinja2 call `function` with the rendering's budget first."""

    @pass_context
    def call(context: Context, *args: Any, **kwargs: Any) -> Any:
        return function(context[_BUDGET], *args, **kwargs)

    return call


def _reading(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Have one of Jinja2's filters and tests pay for what it reads and makes."""
    if name in _QUICK:
        return function
    wanted = _PassArg.from_obj(function)

    @pass_context
    def call(context: Context, *args: Any, **kwargs: Any) -> Any:
        budget = context[_BUDGET]
        first: dict[object, tuple[Any, ...]] = {
            _PassArg.context: (context,),
            _PassArg.eval_context: (context.eval_ctx,),
            _PassArg.environment: (context.environment,),
        }
        given = [read(budget, value) for value in args]
        named = {key: read(budget, value) for key, value in kwargs.items()}
        return _made(budget, function(*first.get(wanted, ()), *given, **named))

    return call


def _made(budget: Budget, result: Any) -> Any:
    if isinstance(result, list):
        budget.spend(len(result))
    return result


def _short_range(*args: int) -> range:
    try:
        numbers = range(*args)
        if len(numbers) <= _MAX_RANGE:
            return numbers
    except OverflowError:
        pass
    raise SecurityError(f"a range holds at most {_MAX_RANGE} numbers")


def _sentence(error: Exception) -> str:
    """Return the error as a sentence; Python's own ones say what was done, not where."""
    text = str(error).rstrip(".")
    if isinstance(error, ZeroDivisionError):
        return "a number is divided by zero"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UndefinedError | SecurityError):
        return text.replace("dict object", "an object")
    return text[:200] or type(error).__name__


def _kind(value: object) -> str:
    kinds = {str: "a text", bool: "a boolean", int: "a number", float: "a number", list: "a list", tuple: "a list"}
    if value is None:
        return "null"
    return "an object" if isinstance(value, Mapping) else kinds.get(type(value), "a value")
