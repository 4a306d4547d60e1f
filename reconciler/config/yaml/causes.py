"""What is probably wrong where libyaml stopped: one function for each of its complaints that has several causes.

They look at the lines around the place and never repeat a value: it may be somebody's secret. `messages` calls
them.
"""

import re
from typing import Final

from reconciler.config.yaml.problem import Answer, Place, Problem

_LONGEST_KEY: Final = 1024
_FAR: Final = 2000
_OPENED: Final = "it was opened here"
_KINDS: Final = {"[": ("list in brackets", "]"), "{": ("mapping in braces", "}")}
_TOKEN: Final = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*"|'[^']*')|(?P<comment>(?:^|\s)\#.*)|(?P<open>[\[{])|(?P<close>[\]}])"""
)
_BEGINS_VALUE: Final = re.compile(r"(?:^|[:-])\s*\Z")
QUOTE: Final = "put the whole value in quotes"
TAB: Final = "a tab stands in the indentation: YAML allows spaces alone"
TEMPLATE: Final = "a value with {{ }} is not in quotes"


def tab(problem: Problem) -> Answer | None:
    """Libyaml stops at a tab in an indentation, or at what follows it."""
    indent = problem.line[: len(problem.line) - len(problem.line.lstrip())]
    if "\t" not in indent or not (problem.begins_line or "tab" in problem.problem):
        return None
    at = Place(problem.at.line, indent.index("\t"))
    return Answer(TAB, "indent with spaces", at)


def reserved(problem: Problem) -> Answer:
    """Judge a character that no value begins with."""
    character = problem.after[:1]
    if character == "\t":
        return Answer("a tab stands where a value should begin", "write spaces")
    return Answer(f"a value cannot begin with {character}", QUOTE)


def colon(problem: Problem) -> Answer:
    """A colon where none may stand: a second one in the line, or a line that does not belong where it stands."""
    if problem.at.column > _LONGEST_KEY:
        message = f"a key has at most {_LONGEST_KEY:,} characters"
        return Answer(message, 'put the line in quotes if it is a text that holds ":"')
    if re.search(r":\s", problem.before):
        return Answer("a second colon stands in this line", 'put a value that holds ": " in quotes')
    above = next((i for i in range(problem.at.line - 1, -1, -1) if problem.lines[i].strip()), None)
    if above is not None:
        answer = _no_key(problem.lines[above], above)
        if answer is not None:
            return answer
    if problem.before.lstrip().startswith("---"):
        return Answer("a mapping cannot begin on the line of its ---", "begin it on the next line")
    message = "the line is indented deeper than the one above it, which has a value already"
    at = Place(problem.at.line, len(problem.line) - len(problem.line.lstrip()))
    began = None if above is None else Place(above, len(problem.lines[above]) - len(problem.lines[above].lstrip()))
    help_text = "give the keys of one mapping the same indentation"
    return Answer(message, help_text, at, began, "this key has a value already" if began else "")


def _no_key(line: str, number: int) -> Answer | None:
    """Judge a line that should be `key: value` and has no colon with a space behind it."""
    if re.search(r":(\s|$)", line):
        return None
    body = line.strip()
    column = len(line) - len(line.lstrip())
    if re.match(r"-[^\s-]", body):
        return Answer("a space is missing after the dash", "write `- value`", Place(number, column))
    glued = re.match(r"(- )*[\w.-]+:", body)
    if glued:
        place = Place(number, column + glued.end() - 1)
        return Answer("a space is missing after the colon", "write `key: value`", place)
    return Answer(
        "the line has no colon", "write `key: value`, or put a value of several lines in quotes", Place(number, column)
    )


def simple_key(problem: Problem) -> Answer:
    """Judge a line in a mapping that is not followed by a colon."""
    began = problem.began or problem.at
    answer = _no_key(problem.lines[began.line], began.line)
    if answer is None:
        return Answer("the key is not followed by a colon", "write `key: value`", began)
    return answer


def no_key_here(problem: Problem) -> Answer:
    """Something in a mapping that is no key: by far the most frequent complaint, with several causes."""
    if problem.begins_line:
        return _misplaced_line(problem)
    if "{{" in problem.line:
        return _template(problem.at.line, problem)
    if problem.after[:1] in {"]", "}"}:
        return _not_opened(problem)
    quote = problem.before[-1:]
    if quote in {'"', "'"} and problem.before[:-1].count(quote) % 2 == 0:
        opened = _opened(problem, quote)
        if opened is not None:
            message = "the quote that ends here was opened on an earlier line: one is missing"
            return Answer(
                message,
                "write the closing quote on the line where it is missing",
                None,
                opened,
                "the quote was opened here",
            )
    message = "text stands behind a value that has ended"
    return Answer(message, f"{QUOTE}; in single quotes, write '' for '")


def _template(line: int, problem: Problem) -> Answer:
    return Answer(TEMPLATE, 'write "{{ ... }}"', Place(line, problem.lines[line].index("{{")))


def _opened(problem: Problem, quote: str) -> Place | None:
    """Return the last odd quote above, which a later one has closed by mistake."""
    for number in range(problem.at.line - 1, -1, -1):
        line = problem.lines[number]
        if line.count(quote) % 2:
            return Place(number, line.rindex(quote))
    return None


def _misplaced_line(problem: Problem) -> Answer:
    began = "the mapping began here"
    first = problem.after[:1]
    if first in {"]", "}"}:
        return _not_opened(problem)
    if first == ":":
        return Answer("a colon without a key before it", "write `key: value`")
    if problem.after.startswith("- "):
        help_text = "indent the list beneath its key, which has no value of its own"
        return Answer("a list item stands where a key is expected", help_text, began_message=began)
    message = "the indentation of this line is that of no key above it"
    return Answer(message, "give the keys of one mapping the same indentation", began_message=began)


def _not_opened(problem: Problem) -> Answer:
    return Answer(f"nothing was opened that this {problem.after[:1]} could close", "remove it")


def misplaced_item(problem: Problem) -> Answer:
    """Judge a line in a list that is no item of it."""
    message = "the line does not belong to the list around it"
    if problem.after.startswith("-"):
        message = "the indentation of this item is not that of the list"
    help_text = "begin each item with `- ` in the same column, and its keys behind that"
    return Answer(message, help_text, began_message="the list began here")


def escape(problem: Problem) -> Answer:
    """Judge a backslash in double quotes."""
    shown = problem.after[:2]
    help_text = "write the backslash twice, or use single quotes"
    return Answer(f"{shown} is not an escape that double quotes know", help_text)


def code_point(problem: Problem) -> Answer:
    """Tell an escaped surrogate pair, as JSON writes it and libyaml refuses it, from half of one."""
    column = problem.at.column - 2
    found = re.match(r"\\u(d[89ab]..)\\u(d[c-f]..)", problem.line[column:], re.IGNORECASE)
    at = Place(problem.at.line, max(column, 0))
    try:
        pair = bytes.fromhex(found[1] + found[2]).decode("utf-16-be") if found else ""
    except ValueError:
        pair = ""
    if pair:
        help_text = f'write the character itself, or "\\U{ord(pair):08x}"'
        return Answer("a character is escaped as two surrogates", help_text, at)
    message = "the escape names no character: it is half a surrogate pair, or beyond U+10FFFF"
    return Answer(message, "write the character itself", at)


def after_end(problem: Problem) -> Answer:
    """Judge what stands behind a document that has ended."""
    first = problem.after[:1]
    if first in {"]", "}"}:
        return _not_opened(problem)
    if first == ":":
        return Answer("a space is missing after the colon", "write `key: value`")
    if any(line.startswith("%") for line in problem.lines[: problem.at.line]):
        return Answer("expected --- after a line that begins with %", "write --- on a line of its own")
    return Answer("text stands behind the end of the document", "put --- on a line of its own between two documents")


def no_value(problem: Problem) -> Answer:
    """Judge what stands where a value should."""
    opened = open_bracket(problem.lines, problem.at)  # libyaml does not say which bracket is still open
    if not problem.after.strip() or (problem.after.startswith("---") and problem.begins_line):
        where = "at the end of the file" if not problem.after.strip() else "before ---"
        if opened is None:
            return Answer(f"a list or a mapping is not closed {where}", "close it with ] or }")
        what, close = _KINDS[problem.lines[opened.line][opened.column]]
        return Answer(f"the {what} is not closed {where}", f"write {close} at its end", None, opened, _OPENED)
    if problem.after[:1] in {"]", "}"} and opened is not None:
        what, close = _KINDS[problem.lines[opened.line][opened.column]]
        message = f"this {problem.after[:1]} does not close the {what}"
        return Answer(message, f"write {close} at its end", None, opened, _OPENED)
    if problem.after.startswith("..."):
        return Answer("the document ends before it began", "remove the line")
    return Answer(f"a value cannot begin with {problem.after[:1]}", QUOTE)


def open_bracket(lines: list[str], at: Place) -> Place | None:
    """Return the last bracket before `at` that is open there; quotes and comments are seen line by line."""
    opened: list[Place] = []
    for number in range(max(0, at.line - _FAR), at.line + 1):
        line = lines[number] if number < at.line else lines[number][: at.column]
        if line.startswith("---"):
            opened.clear()
        for found in _TOKEN.finditer(line):
            if found["open"] and (opened or _BEGINS_VALUE.search(line[: found.start()])):
                opened.append(Place(number, found.start()))
            elif found["close"] and opened:
                opened.pop()
    return opened[-1] if opened else None


def block_scalar(problem: Problem) -> Answer:
    """Judge what stands behind a `|` or `>`."""
    began = problem.began or problem.at
    sign = problem.lines[began.line][began.column : began.column + 1]
    message = f"text stands on the line of a {sign}, which begins a text of several lines"
    help_text = f"begin the text on the next line, or put a value that begins with {sign} in quotes"
    return Answer(message, help_text, began)


def list_in_brackets(problem: Problem) -> Answer:
    """Judge a list without its comma or end."""
    return _brackets(problem, "list in brackets", "]")


def mapping_in_braces(problem: Problem) -> Answer:
    """Judge a mapping in braces without its comma or end."""
    return _brackets(problem, "mapping in braces", "}")


def _brackets(problem: Problem, what: str, close: str) -> Answer:
    began = problem.began
    if began is not None and "{{" in problem.lines[began.line][max(0, began.column - 1) : began.column + 2]:
        return _template(began.line, problem)
    opened = _OPENED
    if problem.began is not None and problem.began.line == problem.at.line and problem.after.strip():
        return Answer(
            f"expected a comma or {close} in the {what}", f"write a comma, or {close} at its end", began_message=opened
        )
    return Answer(f"the {what} is not closed", f"write {close} at its end", began_message=opened)
