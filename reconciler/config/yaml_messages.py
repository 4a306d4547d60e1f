"""libyaml's complaints in words that help: what is probably wrong, where it began, what to write instead."""

from typing import Any

from yaml import YAMLError
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span

_KNOWN: tuple[tuple[str, str, str], ...] = (
    ("cannot start any token", "a tab or a reserved character stands where a value should begin", "indent with spaces, and put a value that begins with @, `, % or a tab in quotes"),
    ("mapping values are not allowed", "a colon stands inside a value, or the line is indented wrongly", 'put a value that holds ": " in quotes'),
    ("could not find expected ':'", "a key is not followed by a colon", "write `key: value`, or put a value of several lines in quotes"),
    ("unexpected end of stream", "the file ends inside a quoted string", "close the quote"),
    ("did not find expected key", "the line does not fit the mapping around it: its indentation differs, or a quote is missing", "give all keys of one mapping the same indentation"),
    ("did not find expected '-' indicator", "the line does not fit the list around it", "begin each item of the list with `- ` at the same indentation"),
    ("did not find expected ',' or ']'", "a list in brackets is not closed", "close it with ]"),
    ("did not find expected ',' or '}'", "a mapping in braces is not closed", "close it with }"),
    ("block sequence entries are not allowed", "a list item stands where none may", "put the list on lines of its own"),
    ("found undefined tag handle", "a tag that is not known", "leave the tag out, or put a value that begins with ! in quotes"),
    ("found undefined alias", "an alias (*) without its anchor (&)", "put a value that begins with * in quotes"),
    ("while scanning an alias", "a value begins with *, which YAML takes for an alias", "put it in quotes"),
    ("while scanning an anchor", "a value begins with &, which YAML takes for an anchor", "put it in quotes"),
    ("found unknown escape character", "a backslash in double quotes that is not an escape", "write it twice, or use single quotes"),
    ("control characters are not allowed", "a control character", "remove it, or write it as an escape in double quotes"),
)  # fmt: skip
_MULTIPLE = "found duplicate anchor"


def at_mark(file: str, start: Any, end: Any) -> Span:
    """Return the span between two of libyaml's marks; a span of several lines ends with its first."""
    if end.line == start.line:
        return Span(file, start.line + 1, start.column + 1, end.line + 1, max(end.column, start.column + 1) + 1)
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def from_yaml_error(error: YAMLError, data: bytes, file: str) -> Diagnostic:
    """Return libyaml's error as a finding."""
    if isinstance(error, ReaderError):
        return _reader_error(error, data, file)
    if not isinstance(error, MarkedYAMLError):
        return Diagnostic(rules.YAML_SYNTAX, Severity.ERROR, str(error), Span(file))
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    text = f"{error.context or ''} {error.problem or ''}"
    known = next((entry for entry in _KNOWN if entry[0] in text), None)
    message, help_text = (known[1], known[2]) if known is not None else ((error.problem or "not YAML"), "")
    return Diagnostic(
        rules.YAML_SYNTAX, Severity.ERROR, message, Span(file, line, column, line, column + 1), help_text, (), _opened(error, file)
    )


def _opened(error: MarkedYAMLError, file: str) -> tuple[Related, ...]:
    """Name where that began which is not closed, if it is elsewhere."""
    opened, found = error.context_mark, error.problem_mark
    if opened is None or found is None or opened.line == found.line:
        return ()
    span = Span(file, opened.line + 1, opened.column + 1, opened.line + 1, opened.column + 2)
    return (Related(span, "it began here"),)


def _reader_error(error: ReaderError, data: bytes, file: str) -> Diagnostic:
    at = error.position if isinstance(error.position, int) else 0
    line = data.count(b"\n", 0, at) + 1
    column = len(data[data.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")) + 1
    span = Span(file, line, column, line, column + 1)
    message, help_text = "a control character", "remove it, or write it as an escape in double quotes"
    return Diagnostic(rules.ENCODING, Severity.ERROR, message, span, help_text)
