"""`# reconcile: ignore[rule]`: comments that keep warnings out of a report, and what is wrong with such comments.

A file that does not hold the word costs one search. Errors stay, whatever a comment says: see
`core/findings/selection.py`.
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.rules import ADVICE, RULES, UNUSED_SUPPRESSION

MARK: Final = b"reconcile:"
"""What a file must hold for there to be any."""
_COMMENT: Final = re.compile(r"#[ \t]*reconcile:[ \t]*ignore(?:[ \t]*\[([^\]]*)\])?")
_EXAMPLE: Final = "write # reconcile: ignore[rule], or several with commas"


class Suppression(Struct, frozen=True):
    """One comment: where it stands, the line it speaks of, and the rules that it names."""

    span: Span
    covers: int
    rules: tuple[str, ...]


def find_suppressions(data: bytes, file: str) -> list[Suppression]:
    """Return the comments of a file that has the mark."""
    from reconciler.config.yaml.comments import find_comments

    found = []
    for comment in find_comments(data, _COMMENT, MARK.decode()):
        names = tuple(name.strip() for name in (comment.match[1] or "").split(",") if name.strip())
        end = comment.column + len(comment.match[0])
        found.append(Suppression(Span(file, comment.line, comment.column, comment.line, end), comment.covers, names))
    return found


def suppress(found: Sequence[Diagnostic], comments: Sequence[Suppression], *, whole: bool = True) -> list[Diagnostic]:
    """Return the findings that no comment keeps out, and a warning for each comment that is wrong or changes nothing.

    `whole` says that a whole directory was checked: else what another file has to do with it is not known, and no
    comment is called unused.
    """
    if not comments:
        return list(found)
    wanted: dict[tuple[str, int, str], None] = {
        (one.span.file, one.covers, rule): None for one in comments for rule in one.rules if rule in ADVICE
    }
    used: set[tuple[str, int, str]] = set()
    kept = []
    for diagnostic in found:
        key = (diagnostic.span.file, diagnostic.span.line, diagnostic.rule)
        if not diagnostic.is_error and key in wanted:
            used.add(key)
        else:
            kept.append(diagnostic)
    return [*kept, *(d for one in comments for d in _wrong(one, used, whole=whole))]


def left(found: Sequence[Diagnostic], comments: Sequence[Suppression]) -> tuple[Diagnostic, ...]:
    """Return the findings that no comment keeps out, and nothing of what is wrong with the comments."""
    return tuple(one for one in suppress(found, comments, whole=False) if one.rule != UNUSED_SUPPRESSION)


def _wrong(one: Suppression, used: set[tuple[str, int, str]], *, whole: bool) -> list[Diagnostic]:
    if not one.rules:
        return [_warning(one, "this comment names no rule, so it ignores nothing", _EXAMPLE)]
    problems = [(rule, _problem(rule)) for rule in one.rules]
    found = [_warning(one, *problem) for _, problem in problems if problem is not None]
    for rule, problem in problems:
        if whole and problem is None and (one.span.file, one.covers, rule) not in used:
            found.append(_warning(one, f"`{rule}` finds nothing on line {one.covers}", "delete it from the comment"))
    return found


def _problem(rule: str) -> tuple[str, str] | None:
    from reconciler.core.findings.nearest import did_you_mean

    if rule not in RULES:
        return f"there is no rule `{rule[:60]}`", did_you_mean(rule, RULES)
    if rule not in ADVICE:
        message = f"`{rule}` finds errors, and an error cannot be ignored: the daemon does not apply what has one"
        return message, "fix what it finds"
    return None


def _warning(one: Suppression, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(UNUSED_SUPPRESSION, Severity.WARNING, message, one.span, help_text)
