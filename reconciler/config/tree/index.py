"""From files to ids: an index that is kept up to date file by file, and derives what each id is (`Desired`).

Pure: it is told what each file says (`FileState`), and reads nothing; that is `directory`'s. Its one law: an index that
was kept up to date equals one built anew from the same files, but for the ids that a file with an error held before,
which stay.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from reconciler.config.tree.snapshot import NO_IDS, Claim, FileState
from reconciler.model.config import Desired, Presence
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.rules import DUPLICATE_ID

_MOST_RELATED = 20
"""How many other places one duplicate names: with all of them, n duplicates would make n² places."""


class Index:
    """From files to ids. Call `put` and `drop` for the files that changed, then `commit` once."""

    def __init__(self) -> None:
        self.desired: dict[str, Desired] = {}
        self._files: dict[str, FileState] = {}
        self._files_of: dict[str, tuple[str, ...]] = {}
        self._touched: set[str] = set()
        self._is_dirty = False
        self._noisy: dict[str, tuple[Diagnostic, ...]] = {}
        self._doubled: dict[str, tuple[Diagnostic, ...]] = {}
        self._fresh: dict[str, Desired] = {}
        """What ids are that nothing was known of before, and nothing is the matter with: as most are, at a start."""
        self._grouped: dict[str, dict[str, list[Claim]]] = {}
        """By file: what it claims by id, as long as one commit lasts."""

    def put(self, file: str, state: FileState, known: Collection[str] = ()) -> None:
        """Say what `file` says now; `known` are ids it is known to have held, where this index never saw it."""
        old = self._files.get(file)
        self._is_dirty = True
        if old is None and self._put_first(file, state, known):
            return
        if old is None:
            state.last = dict.fromkeys(known, 0) if known else NO_IDS
        else:
            state.last = {**old.last, **{c.id: c.line for c in old.claims}}
        self._touched.update(state.last)
        self._files[file] = state
        for config_id in (*[c.id for c in state.claims], *state.last):
            self._touched.add(config_id)
            files = self._files_of.get(config_id)
            if files is None:
                self._files_of[config_id] = (file,)
            elif file not in files:
                self._files_of[config_id] = (*files, file)
        if state.diagnostics:
            self._noisy[file] = state.diagnostics
        else:
            self._noisy.pop(file, None)

    def _put_first(self, file: str, state: FileState, known: Collection[str]) -> bool:
        """Take in a file for the first time, if it holds one document without a finding, as nearly all do."""
        if len(state.claims) != 1 or state.diagnostics:
            return False
        claim = state.claims[0]
        config_id = claim.id
        if config_id in self._files_of or (known and (len(known) > 1 or config_id not in known)):
            return False
        if config_id in self.desired:
            return False
        state.last = NO_IDS
        self._files[file] = state
        self._files_of[config_id] = (file,)
        self._fresh[config_id] = _asked_by(file, claim)
        return True

    def drop(self, file: str) -> tuple[str, ...]:
        """Say that `file` is gone; returns the ids that it held."""
        state = self._files.pop(file, None)
        if state is None:
            return ()
        self._is_dirty = True
        self._noisy.pop(file, None)
        ids = tuple(dict.fromkeys((*(c.id for c in state.claims), *state.last)))
        self._touched.update(ids)
        for config_id in ids:
            self._leave(config_id, file)
        return ids

    @property
    def touched(self) -> bool:
        """Whether anything was put or dropped since the last commit."""
        return self._is_dirty

    def state(self, file: str) -> FileState | None:
        """Return what is known of a file."""
        return self._files.get(file)

    def commit(self) -> tuple[frozenset[str], frozenset[str]]:
        """Derive what changed; returns the ids whose Desired differs, and those of which only the place does."""
        self.desired.update(self._fresh)  # those that were touched as well are derived below
        changed, moved, self._fresh = set(self._fresh), set[str](), {}
        touched = self._derive_plain(changed, moved)
        # A duplicate keeps its file's earlier ids alive, so what happens to one id concerns its files' others.
        files = {file for config_id in touched for file in self._files_of.get(config_id, ())}
        ids = {*touched}.union(*(self._files[file].last for file in files))
        for file in files:
            self._settle(file)
        # Ids that are only held come last: why they are may be a duplicate that is found out here.
        for config_id in sorted(ids, key=self._is_unclaimed):
            self._derive(config_id, changed, moved)
        self._touched, self._is_dirty = set(), False
        self._grouped.clear()
        return frozenset(changed), frozenset(moved)

    def diagnostics(self) -> list[Diagnostic]:
        """Return every finding, in no order."""
        return [d for group in (self._noisy, self._doubled) for found in group.values() for d in found]

    def _settle(self, file: str) -> None:
        """Forget the earlier ids of a file that stands without an error now."""
        state = self._files[file]
        if not state.last or (state.diagnostics and state.errors) or self._is_doubled(state):
            return
        gone = state.last.keys() - {c.id for c in state.claims}
        state.last = NO_IDS
        for config_id in gone:
            self._leave(config_id, file)

    def _is_doubled(self, state: FileState) -> bool:
        ids = {c.id for c in state.claims}
        return any(self._sole(config_id) is None and len(self._rivals(config_id)) > 1 for config_id in ids)

    def _is_unclaimed(self, config_id: str) -> bool:
        return self._sole(config_id) is None and next(self._claims(config_id), None) is None

    def _sole(self, config_id: str) -> tuple[str, Claim] | None:
        """Return the claim of an id that is alone in its file, as nearly all are."""
        files = self._files_of.get(config_id, ())
        claims = self._files[files[0]].claims if len(files) == 1 else ()
        return (files[0], claims[0]) if len(claims) == 1 and claims[0].id == config_id else None

    def _claims(self, config_id: str) -> Iterator[tuple[str, Claim]]:
        files = self._files_of.get(config_id, ())
        return ((file, c) for file in files for c in self._claims_in(file).get(config_id, ()))

    def _claims_in(self, file: str) -> Mapping[str, Sequence[Claim]]:
        """Return what a file claims, by id: a file of many documents is not walked through once for each."""
        found = self._grouped.get(file)
        if found is None:
            found = self._grouped[file] = {}
            for claim in self._files[file].claims:
                found.setdefault(claim.id, []).append(claim)
        return found

    def _rivals(self, config_id: str) -> list[tuple[str, Claim]]:
        """Return the documents that name an id, less those that may not where another one may."""
        claims = list(self._claims(config_id))
        if len(claims) < 2:
            return claims
        allowed = [found for found in claims if not found[1].refused]
        return allowed or [min(claims, key=lambda found: (found[0], found[1].line))]

    def _leave(self, config_id: str, file: str) -> None:
        left = tuple(f for f in self._files_of.get(config_id, ()) if f != file)
        if left:
            self._files_of[config_id] = left
        else:
            self._files_of.pop(config_id, None)

    def _derive_plain(self, changed: set[str], moved: set[str]) -> list[str]:
        """Derive the ids whose only document is all that their only file has ever held; returns the others."""
        others: list[str] = []
        files_of, states, desired, doubled = self._files_of, self._files, self.desired, self._doubled
        for config_id in self._touched:
            files = files_of.get(config_id, ())
            state = states[files[0]] if len(files) == 1 and config_id not in doubled else None
            claims = state.claims if state is not None and not state.last else ()
            if config_id in desired and len(claims) == 1 and claims[0].id == config_id:
                self._note(config_id, _asked_by(files[0], claims[0]), changed, moved)
            else:
                others.append(config_id)
        return others

    def _derive(self, config_id: str, changed: set[str], moved: set[str]) -> None:
        new = self._desired(config_id)
        if new is not None:
            self._note(config_id, new, changed, moved)
        elif self.desired.pop(config_id, None) is not None:
            changed.add(config_id)

    def _note(self, config_id: str, new: Desired, changed: set[str], moved: set[str]) -> None:
        old = self.desired.get(config_id)
        self.desired[config_id] = new
        if old is None or _essence(old) != _essence(new):
            changed.add(config_id)
        elif (old.file, old.line) != (new.file, new.line):
            moved.add(config_id)

    def _desired(self, config_id: str) -> Desired | None:
        sole = self._sole(config_id)
        claims = self._rivals(config_id) if sole is None else [sole]
        self._doubled.pop(config_id, None)
        if len(claims) > 1:
            return self._duplicate(config_id, claims)
        if not claims:
            return self._held(config_id)
        return _asked_by(*claims[0])

    def _duplicate(self, config_id: str, claims: list[tuple[str, Claim]]) -> Desired:
        claims.sort(key=lambda found: (found[0], found[1].span.line, found[1].span.column))
        found = duplicate_diagnostics(config_id, [claim.span for _, claim in claims])
        self._doubled[config_id] = found
        file, claim = claims[0]
        return Desired(config_id, Presence.DUPLICATE, None, file, claim.line, found)

    def _held(self, config_id: str) -> Desired | None:
        """Return what an id is that no document names, but a file with an error held when it was last good."""
        files = self._files_of.get(config_id, ())
        if not files:
            return None
        file = min(files)
        state = self._files[file]
        found = state.errors or tuple(d for c in state.claims for d in self._doubled.get(c.id, ()))
        presence = Presence.UNREADABLE if state.unreadable else Presence.INVALID
        return Desired(config_id, presence, None, file, state.last.get(config_id, 0), found)


def duplicate_diagnostics(config_id: str, places: list[Span]) -> tuple[Diagnostic, ...]:
    """Return one error for each place that names `config_id`, with the other places in `related`."""
    message = f"{config_id} is defined {len(places)} times, so none of them is applied"
    return tuple(
        Diagnostic(
            DUPLICATE_ID,
            Severity.ERROR,
            message,
            place,
            "give each its own name, or delete all but one",
            ("name",),
            tuple(Related(other, "also defined here") for other in _others(places, i)),
        )
        for i, place in enumerate(places)
    )


def _others(places: list[Span], index: int) -> list[Span]:
    near = places[: _MOST_RELATED + 1]
    return [place for j, place in enumerate(near) if j != index][:_MOST_RELATED]


def _essence(desired: Desired) -> tuple[object, ...]:
    """Return what of a Desired makes a difference: not where it stands."""
    document = desired.document
    found = [(d.rule, d.message, d.path, d.help) for d in desired.diagnostics]
    return (desired.presence, document.digest if document is not None else None, desired.persistable, found)


def _asked_by(file: str, claim: Claim) -> Desired:
    """Return what the one document that names an id asks for."""
    presence = Presence.VALID if claim.document is not None else Presence.INVALID
    return Desired(claim.id, presence, claim.document, file, claim.line, claim.diagnostics, claim.persistable)
