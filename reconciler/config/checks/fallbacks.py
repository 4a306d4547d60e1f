"""Fallbacks between the documents of one root: to nobody, to oneself, to what is disabled, in a circle. Warnings."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.config.explain.nearest import nearest
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.json import Path

_PATH: Path = ("delivery", "fallback")
_MOST_RELATED = 20


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
    documents = [_Named(*one) for one in named]
    for one in documents:
        if one.fallback == one.config_id or one.fallback not in ids:
            yield _dangling(one, ids, place)
        elif one.fallback in disabled and one.config_id not in disabled:
            message = f"`delivery.fallback` of {one.config_id} names `{one.fallback}`, which is disabled"
            hint = "what it is given waits until it expires: enable it, or name another configuration"
            yield _warning(rules.DISABLED_FALLBACK, message, place(one.file, one.line, _PATH), hint)
    yield from _circles({one.config_id: one for one in documents}, place)


def _dangling(one: _Named, ids: set[str], place: Callable[[str, int, Path], Span]) -> Diagnostic:
    near = nearest(one.fallback, ids - {one.config_id})
    hint = f"did you mean `{near}`?" if near else "name another configuration as integration/name"
    what = "itself" if one.fallback == one.config_id else f"`{one.fallback[:127]}`, which is not configured"
    message = f"`delivery.fallback` of {one.config_id} names {what}"
    return _warning(rules.DANGLING_FALLBACK, message, place(one.file, one.line, _PATH), hint)


def _circles(named: Mapping[str, _Named], place: Callable[[str, int, Path], Span]) -> Iterator[Diagnostic]:
    """Yield a warning at each place of each circle of two or more."""
    done: set[str] = set()
    for begin in named:
        way: dict[str, None] = {}
        at = begin
        while at in named and at not in done and at not in way:
            way[at] = None
            at = named[at].fallback
        done.update(way)
        if at in way:
            members = list(way)[list(way).index(at) :]
            if len(members) > 1:
                yield from _circle([named[member] for member in members], place)


def _circle(members: list[_Named], place: Callable[[str, int, Path], Span]) -> Iterator[Diagnostic]:
    ids = [one.config_id for one in members]
    shown = [*ids[:10], "…"] if len(ids) > 10 else [*ids, ids[0]]
    message = f"the fallbacks lead in a circle: {' → '.join(shown)}"
    hint = "what is given up is handed over once: let the circle end at a configuration that has no fallback"
    spans = {one.config_id: place(one.file, one.line, _PATH) for one in members}
    for one in ids:
        others = [other for other in ids[: _MOST_RELATED + 1] if other != one][:_MOST_RELATED]
        related = tuple(Related(spans[other], f"the fallback of {other}") for other in others)
        yield _warning(rules.FALLBACK_CYCLE, message, spans[one], hint, related)


def _warning(rule: str, message: str, span: Span, hint: str, related: tuple[Related, ...] = ()) -> Diagnostic:
    return Diagnostic(rule, Severity.WARNING, message, span, hint, _PATH, related)
