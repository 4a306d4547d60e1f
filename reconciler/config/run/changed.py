"""`reconcile validate --changed-since REF`: what differs from a commit is checked, and the directory as a whole.

Its law: it finds what a run over everything finds, but for what is wrong with one unchanged file by itself. What stands
between files (one id twice, a fallback that is not there) is found in all: unchanged files are skimmed for what they
claim, and whatever looks suspicious is checked whole before it is believed. Called by `run`, for one path at a time.
"""

import os
from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from reconciler.config.files import SETTINGS_FILE
from reconciler.config.git.changes import Asked, Changes, is_any_changed
from reconciler.config.run.across import across
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.since import Since
from reconciler.config.run.skim import Skim, skim_files
from reconciler.config.run.skimmed import Skimmed
from reconciler.config.run.suppressions import suppress
from reconciler.config.run.workers import Turns, how_many, spread
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.rules import UNREADABLE_FILE, UNUSED_SUPPRESSION

if TYPE_CHECKING:
    from reconciler.config.run.listing import Listed
    from reconciler.config.validation import Validator

_SKIM_PAYS_FROM: Final = 10_000
"""Below this many files a second process costs more than it saves: a skim is far quicker than a check."""
_SKIM_AT_LEAST: Final = 200
"""How many files a process takes at a time: so many that asking for them costs nothing beside reading them."""

Check = Callable[[Batch], Part]
"""How files are checked: over as many processes as were asked for."""


class Seen(NamedTuple):
    """What git and a skim say of a root: what differs, the files to be checked for it, and what all others claim."""

    changes: Changes
    changed: Sequence[str]
    skimmed: Skimmed


def check_changed(since: Since, listed: "Listed", seen: Seen, check: Check, validator: "Validator") -> Part:
    """Check what differs from a commit in a root, and what stands between all its files. Raises GitError."""
    batch, why = listed.batch, _why_everything(since, seen.changes, listed)
    if not why:
        seen.skimmed.doubt(validator.claims_anything)
        return _check(since, batch, seen, check)
    part = check(batch)
    part.diagnostics += across(batch, part)
    part.notes.append(f"all files are checked: {why} differs from {since}")
    return part


def look(batch: Batch, asked: Asked, jobs: int | None) -> Seen:
    """Skim all regular files of a root while git is at work, and hear what it says. Raises GitError."""
    files = [file for file in batch.files if file not in batch.special] if batch.special else batch.files
    processes = how_many(jobs, len(files)) if jobs or len(files) >= _SKIM_PAYS_FROM else 1
    size = max(_SKIM_AT_LEAST, -(-len(files) // Turns.MOST))
    shares = [files[start : start + size] for start in range(0, len(files), size)]
    turns = Turns(len(shares))
    answers: list[tuple[Changes, Sequence[str]]] = []

    def work(worker: int) -> list[tuple[int, Skim]]:
        if worker == 0:  # this process; the others skim meanwhile
            changes = asked.changes()
            same = changes.same.difference(batch.special) if batch.special else changes.same
            answers.append((changes, [file for file in batch.files if file not in same]))
        return [(turn, skim_files(shares[turn], batch.base)) for turn in turns]

    try:
        done = spread(range(processes), work)
    finally:
        turns.close()
    whole = Skim()
    for _, skim in sorted(chain.from_iterable(done), key=itemgetter(0)):
        whole.add(skim)
    return Seen(*answers[0], Skimmed(files, whole))


def _check(since: Since, batch: Batch, seen: Seen, check: Check) -> Part:
    _, changed, skimmed = seen
    skimmed.forget(changed)
    part = check(replace(batch, files=changed))
    part.notes.append(f"{len(changed):,} of {len(batch.files):,} files are checked: those that differ from {since}")
    quiet = check(replace(batch, files=skimmed.take_unsure()))
    found = _between(batch, part, quiet, skimmed, check)
    # Comments in unchanged files count for what stands between files; what is wrong with them is theirs alone.
    found = [one for one in suppress(found, quiet.comments, whole=False) if one.rule != UNUSED_SUPPRESSION]
    part.diagnostics += [problem for problem in quiet.diagnostics if problem.rule == UNREADABLE_FILE]
    part.diagnostics += found
    part.let_go()
    return part


def _between(batch: Batch, part: Part, quiet: Part, skimmed: Skimmed, check: Check) -> list[Diagnostic]:
    """Return what is wrong between files. A file that was only skimmed is checked before anything is said of it."""
    while True:
        exact = [*part.fallbacks, *quiet.fallbacks]
        wanted = {fallback.encode("utf-8", "surrogatepass") for _, fallback, _, _ in exact}
        known = {config_id.encode("utf-8", "surrogatepass") for config_id, _, _ in (*part.ids, *quiet.ids)}
        suspects = skimmed.suspects(known, wanted)
        found: list[Diagnostic] = []
        if not suspects:
            disabled = {one.encode("utf-8", "surrogatepass") for one in (*part.disabled, *quiet.disabled)}
            is_any_helpless = (
                not wanted.isdisjoint(disabled)
                or not wanted <= known
                or any(config_id == fallback for config_id, fallback, _, _ in exact)
                or skimmed.is_any_helpless(known, disabled)
            )
            found = _across(batch, part, quiet, skimmed if is_any_helpless else None)
            places = {span.file for one in found for span in (one.span, *(other.span for other in one.related))}
            suspects = [file for file in skimmed.files if batch.prefix + file in places] if places else []
        if not suspects:
            return found
        skimmed.forget(suspects)
        quiet.add(check(replace(batch, files=sorted(suspects))))


def _across(batch: Batch, part: Part, quiet: Part, skimmed: Skimmed | None) -> list[Diagnostic]:
    """Return what `across` says of all; where nothing leads from one file to another, skims have nothing to add."""
    every = Part() if skimmed is None else skimmed.as_part(batch.prefix)
    for one in (part, quiet):
        every.ids += one.ids
        every.fallbacks += one.fallbacks
        every.claims += one.claims
        every.disabled += one.disabled
    # In the order of a run over everything.
    every.ids.sort(key=lambda found: found[1:])
    every.fallbacks.sort(key=lambda found: found[2:])
    every.claims.sort(key=lambda found: found[1:3])
    return across(batch, every)


def _why_everything(since: Since, changes: Changes, listed: "Listed") -> str:
    """Say what has changed by which every file is judged; the empty string where nothing has."""
    if listed.home != listed.batch.base:
        named = [os.path.realpath(f"{listed.home}/{name}") for name in (SETTINGS_FILE, *listed.named)]
        return SETTINGS_FILE if is_any_changed(since.repository, since.commit, named) else _which_integration(since)
    for name in (SETTINGS_FILE, *listed.named):
        path = f"{listed.batch.base}/{name}"
        if name in changes.differing or (changes.is_changed(name) and os.path.lexists(path)):
            return name
        target = os.path.realpath(path)  # it may be a link, inside the root
        if target != path and is_any_changed(since.repository, since.commit, [target]):
            return name
    return _which_integration(since)


def _which_integration(since: Since) -> str:
    for name, folder in _integrations_in(since.repository.top):
        if is_any_changed(since.repository, since.commit, [f"{folder}/manifest.json", f"{folder}/schema.json"]):
            return f"the integration {name}"
    return ""


def _integrations_in(top: str | None) -> list[tuple[str, str]]:
    """Return the installed integrations whose package is in the work tree itself: id and folder."""
    from reconciler.config.entry_points import find_packages, package_folder

    if top is None:
        return []
    packages = ((name, package_folder(package)) for name, package in find_packages().items() if package is not None)
    folders = [(name, os.path.realpath(folder)) for name, folder in packages if folder is not None]
    return [(name, folder) for name, folder in sorted(folders) if folder.startswith(top.rstrip("/") + "/")]
