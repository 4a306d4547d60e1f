"""What is wrong between the documents of one root: one id twice, fallbacks that help nobody, one thing claimed twice.

Called by `run` when every document has been checked. Positions of all files are not kept: what these findings point at
is read again, since they are rare.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.config.files import Unreadable, Vanished
from reconciler.config.run.check_files import read_listed
from reconciler.config.run.part import Batch, Part
from reconciler.config.yaml.reader import read_documents
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.json import Path

_MOST_RELATED = 20


class _Holder(Struct, frozen=True):
    """A document that claims something, and where it says so."""

    config_id: str
    file: str
    line: int
    path: Path


class Places:
    """Where values stand in the files of one root. A file is read once for each path that is asked for in it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._found: dict[tuple[str, Path], dict[int, Span]] = {}

    def of(self, shown: str, line: int, path: Path) -> Span:
        """Return where the value at `path` stands in the document that begins at `line` of a file."""
        spans = self._found.get((shown, path))
        if spans is None:
            spans = self._found[shown, path] = self._read(shown, path)
        return spans.get(line) or Span(shown, line, 1, line, 1)

    def _read(self, shown: str, path: Path) -> dict[int, Span]:
        try:
            result = read_documents(read_listed(self._batch, shown.removeprefix(self._batch.prefix)), shown)
        except (Vanished, Unreadable):
            return {}
        return {document.line: document.span(path, shown) for document in result.documents}


def across(batch: Batch, part: Part) -> list[Diagnostic]:
    """Return what is wrong between the documents of one root, and let go of what only that needed."""
    places = Places(batch)
    found = duplicates(places, part.ids)
    if part.fallbacks:
        from reconciler.config.checks.fallbacks import wrong_fallbacks

        known = [config_id for config_id, _, _ in part.ids]
        found += wrong_fallbacks(part.fallbacks, known, set(part.disabled), places.of)
    if part.claims:
        found += _collisions(places, part)
    part.let_go()
    return found


def duplicates(places: Places, ids: Sequence[tuple[str, str, int]]) -> list[Diagnostic]:
    """Return an error for each place of each id that is named more than once in one root."""
    seen: dict[str, tuple[str, int]] = {}
    doubled: dict[str, list[tuple[str, int]]] = {}
    for config_id, file, line in ids:
        first = seen.setdefault(config_id, (file, line))
        if first != (file, line):
            doubled.setdefault(config_id, [first]).append((file, line))
    found: list[Diagnostic] = []
    if doubled:
        from reconciler.config.tree.index import duplicate_diagnostics
    for config_id, where in doubled.items():
        spans = [places.of(file, line, ("name",)) for file, line in sorted(where)]
        found += duplicate_diagnostics(config_id, spans)
    return found


def _collisions(places: Places, part: Part) -> Iterator[Diagnostic]:
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
    for (_, what), claimed in holders.items():
        if len({holder.config_id for holder in claimed}) > 1:
            yield from _collision(places, f"{what} is claimed by {len(claimed)} configurations", claimed)
    for key, users in shared.items():
        if len(users) > 1:
            message = f"`{key}` can be held by one integration alone, and {' and '.join(sorted(users))} need it"
            yield from _collision(places, message, list(users.values()))


def _collision(places: Places, message: str, holders: list[_Holder]) -> Iterator[Diagnostic]:
    near = sorted(holders, key=lambda holder: (holder.file, holder.line))
    spans = {holder: places.of(holder.file, holder.line, holder.path) for holder in near}
    for holder in near:
        others = [other for other in near[: _MOST_RELATED + 1] if other != holder][:_MOST_RELATED]
        related = tuple(Related(spans[other], f"claimed by {other.config_id} as well") for other in others)
        hint = "give each a value of its own, or disable all but one"
        yield Diagnostic(rules.HOOK_COLLISION, Severity.ERROR, message, spans[holder], hint, holder.path, related)
