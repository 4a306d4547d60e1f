"""The `events` of one document: types that are near a declared one, patterns, filters, and what has no effect."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.config.checks.memory import trim
from reconciler.config.checks.place import Place
from reconciler.core.findings.nearest import nearest
from reconciler.core.findings.wrong import Wrong
from reconciler.model import rules
from reconciler.model.json import Path

if TYPE_CHECKING:
    from reconciler.core.filter.filter import Filters
    from reconciler.core.filter.look import Look

_HELP: Final = "write CEL over id, source, type, subject, time, data and scope, with ==, && and ||"


class EventChecks:
    """Checks lists of events, with the memory of what was right and of each filter."""

    def __init__(self) -> None:
        self._compiler: Filters | None = None
        self._filters: dict[str, Wrong | Look] = {}
        self._fine: dict[tuple[Any, ...], None] = {}

    def check(
        self, events: list[dict[str, Any] | None], here: Place, integration: str, declared: tuple[str, ...]
    ) -> None:
        """Add what is wrong with `events`, whose items fit the envelope; None stands for one that does not."""
        key = (integration, *[None if item is None else (item["type"], item.get("when")) for item in events])
        if key not in self._fine:
            before = here.count
            self._each(events, here, integration, declared)
            _redundant(events, here)
            if here.count == before and None not in key:
                trim(self._fine)
                self._fine[key] = None

    def _each(
        self, events: list[dict[str, Any] | None], here: Place, integration: str, declared: tuple[str, ...]
    ) -> None:
        for index, item in enumerate(events):
            if item is None:
                continue
            kind, when = item["type"], item.get("when")
            _type(kind, ("events", index, "type"), here, integration, declared)
            if when is not None:
                self._when(kind, when, ("events", index, "when"), here)

    def _when(self, kind: str, when: str, path: Path, here: Place) -> None:
        found = self._look(when)
        if isinstance(found, Wrong):
            here.inside(rules.FILTER_SYNTAX, path, found, _HELP, says="`when` does not compile: ")
        elif found.always:
            here.warn(rules.CONSTANT_FILTER, path, "`when` is true for every event", "leave it out")
        elif found.never or not _can_be(found.types, kind):
            why = "" if found.never else f": it asks for another type than `{kind[:60]}`"
            message = f"`when` is true for no event{why}"
            here.warn(rules.CONSTANT_FILTER, path, message, "fix the expression, or leave the event out")

    def _look(self, text: str) -> "Wrong | Look":
        known = self._filters.get(text)
        if known is not None:
            return known
        from reconciler.core.filter.filter import Filters, FilterSyntaxError

        if self._compiler is None:
            self._compiler = Filters(keep=1)
        found: Wrong | Look
        try:
            found = self._compiler.look(text)
        except FilterSyntaxError as error:
            found = error.wrong
        trim(self._filters)
        self._filters[text] = found
        return found


def _type(kind: str, path: Path, here: Place, integration: str, declared: tuple[str, ...]) -> None:
    if "*" in kind:
        _pattern(kind, path, here)
    elif declared and not _is_declared(kind, declared):
        near = nearest(kind, [one for one in declared if "*" not in one])
        if near is not None:
            message = f"the event type `{kind[:60]}` is not one that `{integration}` declares"
            here.warn(rules.UNKNOWN_EVENT_TYPE, path, message, f"did you mean `{near}`?", near=near)


def _pattern(kind: str, path: Path, here: Place) -> None:
    if any("*" in part and part not in {"*", "**"} for part in kind.split(".")):
        message = f"`{kind[:60]}`: `*` and `**` stand for whole segments between dots, not for a part of one"
        here.error(rules.INVALID_VALUE, path, message, "write a pattern such as build.* or **.failed")


def _is_declared(kind: str, declared: tuple[str, ...]) -> bool:
    if kind in declared:
        return True
    from reconciler.core.routing.routing import type_matches

    return any(type_matches(one, kind) for one in declared if "*" in one)


def _can_be(types: frozenset[str] | None, kind: str) -> bool:
    """Whether an event of type `kind`, which may be a pattern, can have one of the `types` that its filter asks for."""
    if types is None or kind in types:
        return True
    from reconciler.core.routing.routing import type_matches

    return "*" in kind and any(type_matches(kind, one) for one in types)


def _redundant(events: list[dict[str, Any] | None], here: Place) -> None:
    """Warn of each event that another of the list, without a filter or with the same one, gives anyway."""
    seen: dict[str, int] = {}
    for index, item in enumerate(events):
        if item is not None and item.get("when") is None:
            seen.setdefault(item["type"], index)
    patterns = [kind for kind in seen if "*" in kind]
    written: dict[tuple[str, str | None], int] = {}
    for index, item in enumerate(events):
        if item is None:
            continue
        first = written.setdefault((item["type"], item.get("when")), index)
        other = first if first != index else _wider(item, index, seen, patterns)
        if other is not None:
            message = f"`events[{index}]` has no effect: `events[{other}]` takes those events already"
            here.warn(rules.REDUNDANT_EVENT, ("events", index), message, "leave one of the two out", beside=other)


def _wider(item: Mapping[str, Any], index: int, seen: Mapping[str, int], patterns: list[str]) -> int | None:
    kind = item["type"]
    same = seen.get(kind, index)
    if same != index:
        return same
    if not patterns or "*" in kind:
        return None
    from reconciler.core.routing.routing import type_matches

    return next((seen[pattern] for pattern in patterns if type_matches(pattern, kind)), None)
