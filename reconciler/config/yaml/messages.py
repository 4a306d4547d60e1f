"""libyaml's complaints in words that help: what is probably wrong, where it began, what to write instead.

`stretch` calls it after an error; where a complaint has several causes, `causes` tells them apart.
"""

from collections.abc import Callable
from typing import Any, Final

from yaml import YAMLError
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from reconciler.config.yaml import causes
from reconciler.config.yaml.causes import QUOTE
from reconciler.config.yaml.parser import LIMIT_HELP, MAX_DEPTH
from reconciler.config.yaml.problem import Answer, Place, Problem
from reconciler.config.yaml.text import place, split_lines
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span

_NO_YAML: Final = "write keys and values, such as name: value"


def explain_error(error: YAMLError, text: str, file: str) -> tuple[Diagnostic, int | None]:
    """Return libyaml's error as a finding, and the line, from 0, below which a new document may be read."""
    if isinstance(error, ReaderError):
        return _control_character(error, text, file), None
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if not isinstance(error, MarkedYAMLError) or mark is None:
        return Diagnostic(rules.YAML_SYNTAX, Severity.ERROR, "the file is not YAML", Span(file), _NO_YAML), None
    problem = _problem(error, mark, split_lines(text))
    answer = _answer(problem)
    rule = rules.YAML_LIMIT if _TOO_DEEP in problem.problem else rules.YAML_SYNTAX
    began = answer.began or problem.began
    at = (problem.began if answer.at_beginning else answer.at) or problem.at
    related: tuple[Related, ...] = ()
    if began is not None and began != at and answer.began_message:
        related = (Related(_span(began, file), answer.began_message),)
    finding = Diagnostic(rule, Severity.ERROR, answer.message, _span(at, file), answer.help, (), related)
    return finding, _resume(problem, mark)


def _resume(problem: Problem, mark: Any) -> int | None:
    """Return from which line on another document may begin; none after a directive, which is part of the next one."""
    if "directive" in problem.context + problem.problem or "incompatible" in problem.problem:
        return None
    return int(mark.line + (mark.column > 0))


def _problem(error: MarkedYAMLError, mark: Any, lines: list[str]) -> Problem:
    """Collect what is known; a mark behind the last line is taken back to the end of what is written."""
    line, column = mark.line, mark.column
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line -= 1
        column = len(lines[line].rstrip())
    began = error.context_mark
    return Problem(
        str(error.context or ""),
        str(error.problem or ""),
        Place(line, column),
        None if began is None else Place(began.line, began.column),
        lines,
    )


def _answer(problem: Problem) -> Answer:
    tab = causes.tab(problem)
    if tab is not None:
        return tab
    for needle, judge in _JUDGES:
        if needle in problem.problem or needle in problem.context:
            return judge if isinstance(judge, Answer) else judge(problem)
    return Answer(f"the file is not YAML: {problem.problem}", _NO_YAML)


_TOO_DEEP: Final = "maximum nesting depth"
_UNCLOSED: Final = "the quote was opened here"
_UNKNOWN_DIRECTIVE: Final = "a line that begins with % is a directive, and this one is not known"
_JUDGES: Final[tuple[tuple[str, Answer | Callable[[Problem], Answer]], ...]] = (
    (_TOO_DEEP, Answer(f"values are nested deeper than {MAX_DEPTH} levels", LIMIT_HELP)),
    ("cannot start any token", causes.reserved),
    ("mapping values are not allowed", causes.colon),
    ("could not find expected ':'", causes.simple_key),
    (
        "found unexpected end of stream",
        Answer("a quoted value is not closed", "write the closing quote", began_message=_UNCLOSED),
    ),
    (
        "found unexpected document indicator",
        Answer("a quoted value is not closed before this line", "write the closing quote", began_message=_UNCLOSED),
    ),
    ("expected ',' or ']'", causes.list_in_brackets),
    ("expected ',' or '}'", causes.mapping_in_braces),
    ("did not find expected key", causes.no_key_here),
    ("did not find expected '-' indicator", causes.misplaced_item),
    (
        "block sequence entries are not allowed",
        Answer("a list cannot begin on the line of its key", "begin it on the next line, or put the value in quotes"),
    ),
    (
        "mapping keys are not allowed",
        Answer("a value cannot begin with a question mark and a space", QUOTE),
    ),
    ("did not find expected node content", causes.no_value),
    ("<document start>", causes.after_end),
    (
        "found undefined alias",
        Answer(
            "a value that begins with * is an alias, and no anchor (&) before it in this document has its name",
            f"{QUOTE}, or define the anchor above it",
        ),
    ),
    (
        "while scanning an alias",
        Answer("a value cannot begin with *, which is for aliases", QUOTE, at_beginning=True),
    ),
    (
        "while scanning an anchor",
        Answer("a value cannot begin with &, which is for anchors", QUOTE, at_beginning=True),
    ),
    (
        "found duplicate anchor",
        Answer("the anchor is defined twice", "give one of the two another name", began_message="first defined here"),
    ),
    (
        "found undefined tag handle",
        Answer("the tag is not known", "leave it out, or put a text that begins with ! in quotes"),
    ),
    ("a tag", Answer("a value cannot begin with !, which is for tags", QUOTE, at_beginning=True)),
    ("comment or line break", causes.block_scalar),
    ("block scalar", causes.block_scalar),
    ("unknown escape character", causes.escape),
    ("invalid Unicode character", causes.code_point),
    (
        "hexdecimal number",
        Answer("an escape has too few digits: \\x has 2, \\u has 4 and \\U has 8", "write \\\\ for a backslash"),
    ),
    (
        "incompatible YAML document",
        Answer("the file asks for a YAML version that is not known", "remove the line with %YAML"),
    ),
    ("directive", Answer(_UNKNOWN_DIRECTIVE, "remove it, or put the text in quotes")),
)
"""What libyaml says, in its problem or its context, and what to make of it. The first that fits is taken."""


def _span(at: Place, file: str) -> Span:
    return Span(file, at.line + 1, at.column + 1, at.line + 1, at.column + 2)


def _control_character(error: Any, text: str, file: str) -> Diagnostic:
    """Libyaml's offset of it is in bytes."""
    index = len(text.encode("utf-8")[: error.position].decode("utf-8", "ignore"))
    code = error.character if isinstance(error.character, int) else ord(text[index : index + 1] or "\0")
    message = f"the file holds the control character U+{code:04X}"
    help_text = f'remove it, or write it as "\\u{code:04x}" in double quotes'
    return Diagnostic(rules.ENCODING, Severity.ERROR, message, place(text, index, file), help_text)
