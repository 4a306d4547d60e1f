"""What is wrong between the documents of one root: one id twice, fallbacks that help nobody, one thing claimed twice.

Called by `run` when every document has been checked. Positions of all files are not kept: what these findings point at
is read again, since they are rare.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from reconciler.config.files import Unreadable, Vanished
from reconciler.config.run.files import Batch, Part, read_listed
from reconciler.config.yaml.reader import read_documents
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.json import Path

_MOST_RELATED = 20


class _Holder(NamedTuple):
    """A document that claims something, and where it says so."""

    config_id: str
    file: str
    line: int
    path: Path


def across(batch: Batch, part: Part) -> list[Diagnostic]:
    """Return what is wrong between the documents of one root, and let go of what only that needed."""
    found = duplicates(batch, part.ids)
    if part.fallbacks:
        from reconciler.config.checks.fallbacks import wrong_fallbacks

        known, place = [config_id for config_id, _, _ in part.ids], partial(place_of, batch)
        found += wrong_fallbacks(part.fallbacks, known, set(part.disabled), place)
    if part.claims:
        found += _collisions(batch, part)
    part.ids, part.fallbacks, part.disabled, part.claims = [], [], [], []
    return found


def duplicates(batch: Batch, ids: Sequence[tuple[str, str, int]]) -> list[Diagnostic]:
    """Return an error for each place of each id that is named more than once in one root."""
    seen: dict[str, tuple[str, int]] = {}
    doubled: dict[str, list[tuple[str, int]]] = {}
    for config_id, file, line in ids:
        first = seen.setdefault(config_id, (file, line))
        if first != (file, line):
            doubled.setdefault(config_id, [first]).append((file, line))
    found: list[Diagnostic] = []
    if doubled:
        from reconciler.config.tree.snapshot import duplicate_diagnostics
    for config_id, places in doubled.items():
        spans = [place_of(batch, file, line, ("name",)) for file, line in sorted(places)]
        found += duplicate_diagnostics(config_id, spans)
    return found


def place_of(batch: Batch, shown: str, line: int, path: Path) -> Span:
    """Return where the value at `path` stands in the document that begins at `line` of a file."""
    try:
        result = read_documents(read_listed(batch, shown.removeprefix(batch.prefix)), shown)
    except (Vanished, Unreadable):
        return Span(shown, line, 1, line, 1)
    spans = [document.span(path, shown) for document in result.documents if document.line == line]
    return spans[0] if spans else Span(shown, line, 1, line, 1)


def _collisions(batch: Batch, part: Part) -> Iterator[Diagnostic]:
    """Yield an error at each place where something is claimed that only one configuration, or integration, can have."""
    holders: dict[tuple[str, str], list[_Holder]] = {}
    shared: dict[str, dict[str, _Holder]] = {}
    for config_id, file, line, claims, whole in part.claims:
        for claim in claims:
            path = ("settings", *claim.setting)
            holders.setdefault((claim.key, claim.what), []).append(_Holder(config_id, file, line, path))
        integration = config_id.partition("/")[0]
        for key in whole:
            shared.setdefault(key, {}).setdefault(integration, _Holder(config_id, file, line, ("integration",)))
    for (_, what), places in holders.items():
        if len({holder.config_id for holder in places}) > 1:
            yield from _collision(batch, f"{what} is claimed by {len(places)} configurations", places)
    for key, users in shared.items():
        if len(users) > 1:
            message = f"`{key}` can be held by one integration alone, and {' and '.join(sorted(users))} need it"
            yield from _collision(batch, message, list(users.values()))


def _collision(batch: Batch, message: str, holders: list[_Holder]) -> Iterator[Diagnostic]:
    near = sorted(holders, key=lambda holder: (holder.file, holder.line))
    spans = {holder: place_of(batch, holder.file, holder.line, holder.path) for holder in near}
    for holder in near:
        others = [other for other in near[: _MOST_RELATED + 1] if other != holder][:_MOST_RELATED]
        related = tuple(Related(spans[other], f"claimed by {other.config_id} as well") for other in others)
        hint = "give each a value of its own, or disable all but one"
        yield Diagnostic(rules.HOOK_COLLISION, Severity.ERROR, message, spans[holder], hint, holder.path, related)
