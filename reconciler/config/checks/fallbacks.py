"""Fallbacks between the documents of one root: to nobody, to oneself, to what is disabled. Warnings.

Two that are each other's are fine: a delivery is handed over once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from reconciler.core.findings.nearest import Names
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.json import Path

_PATH: Path = ("delivery", "fallback")


class _Named(NamedTuple):
    """A document that names a fallback."""

    config_id: str
    fallback: str
    file: str
    line: int


def wrong_fallbacks(
    named: Iterable[tuple[str, str, str, int]],
    known: Iterable[str],
    disabled: Collection[str],
    place: Callable[[str, int, Path], Span],
) -> Iterator[Diagnostic]:
    """Yield a warning for each document whose `delivery.fallback` cannot help it.

    `named` are ids, each with its fallback, file and line; `known` are ids, of invalid documents too; `disabled` those
    that are not to run. `place(file, line, path)` finds a value again.
    """
    ids = set(known)
    names = Names(ids)
    for one in map(_Named._make, named):
        if one.fallback == one.config_id or one.fallback not in ids:
            yield _dangling(one, names, place)
        elif one.fallback in disabled and one.config_id not in disabled:
            message = f"`delivery.fallback` of {one.config_id} names `{one.fallback}`, which is disabled"
            hint = "what it is given waits until it expires: enable it, or name another configuration"
            yield _warning(rules.DISABLED_FALLBACK, message, place(one.file, one.line, _PATH), hint)


def _dangling(one: _Named, names: Names, place: Callable[[str, int, Path], Span]) -> Diagnostic:
    near = names.nearest(one.fallback, but=one.config_id)
    hint = f"did you mean `{near}`?" if near else "name another configuration as integration/name"
    what = "itself" if one.fallback == one.config_id else f"`{one.fallback[:127]}`, which is not configured"
    message = f"`delivery.fallback` of {one.config_id} names {what}"
    return _warning(rules.DANGLING_FALLBACK, message, place(one.file, one.line, _PATH), hint)


def _warning(rule: str, message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(rule, Severity.WARNING, message, span, hint, _PATH)
