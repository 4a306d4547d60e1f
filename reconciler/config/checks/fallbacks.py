"""Fallbacks between the documents of one root: to nobody, to oneself, to what is disabled, in a circle. Warnings."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from reconciler.config.explain.nearest import nearest
from reconciler.model import rules
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.json import Path

_PATH: Path = ("delivery", "fallback")


def wrong_fallbacks(
    documents: Iterable[tuple[ConfigDocument, Span]], known: Iterable[str], disabled: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """Yield a warning for each document whose `delivery.fallback` cannot help it.

    The span is that of the fallback; `known` are ids, of invalid documents too, `disabled` those that are not to run.
    """
    ids = set(known)
    named = [(d.id, str(d.delivery["fallback"]), span) for d, span in documents if "fallback" in d.delivery]
    for config_id, fallback, span in named:
        if fallback == config_id or fallback not in ids:
            yield _dangling(config_id, fallback, span, ids)
        elif fallback in disabled and config_id not in disabled:
            message = f"`delivery.fallback` of {config_id} names `{fallback}`, which is disabled"
            hint = "what it is given waits until it expires: enable it, or name another configuration"
            yield _warning(rules.DISABLED_FALLBACK, message, span, hint)
    yield from _circles({config_id: (fallback, span) for config_id, fallback, span in named})


def _dangling(config_id: str, fallback: str, span: Span, ids: set[str]) -> Diagnostic:
    near = nearest(fallback, ids - {config_id})
    hint = f"did you mean `{near}`?" if near else "name another configuration as integration/name"
    what = "itself" if fallback == config_id else f"`{fallback[:127]}`, which is not configured"
    return _warning(rules.DANGLING_FALLBACK, f"`delivery.fallback` of {config_id} names {what}", span, hint)


def _circles(named: Mapping[str, tuple[str, Span]]) -> Iterator[Diagnostic]:
    """Yield a warning at each place of each circle of two or more."""
    done: set[str] = set()
    for begin in named:
        way: dict[str, None] = {}
        at = begin
        while at in named and at not in done and at not in way:
            way[at] = None
            at = named[at][0]
        done.update(way)
        if at in way:
            members = list(way)[list(way).index(at) :]
            if len(members) > 1:
                yield from _circle(members, named)


def _circle(members: list[str], named: Mapping[str, tuple[str, Span]]) -> Iterator[Diagnostic]:
    shown = [*members[:10], "…"] if len(members) > 10 else [*members, members[0]]
    message = f"the fallbacks lead in a circle: {' → '.join(shown)}"
    hint = "what is given up is handed over once: let the circle end at a configuration that has no fallback"
    for one in members:
        others = tuple(Related(named[other][1], f"the fallback of {other}") for other in members if other != one)
        yield _warning(rules.FALLBACK_CYCLE, message, named[one][1], hint, others[:20])


def _warning(rule: str, message: str, span: Span, hint: str, related: tuple[Related, ...] = ()) -> Diagnostic:
    return Diagnostic(rule, Severity.WARNING, message, span, hint, _PATH, related)
