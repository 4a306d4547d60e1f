"""`reconcile validate --changed-since REF`: what differs from a commit is checked, and the directory as a whole.

Its law: it finds what a run over everything finds, but for what is wrong with one unchanged file by itself. What stands
between files (one id twice, a fallback that is not there) is found in all: unchanged files are skimmed for what they
claim, and whatever looks suspicious is checked whole before it is believed. Called by `run`, for one path at a time.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.config.files import SETTINGS_FILE
from reconciler.config.git.changes import Asked, Changes, asking, is_any_changed
from reconciler.config.git.repository import Commit, Repository, find_repository
from reconciler.config.run.across import across
from reconciler.config.run.listing import Listed
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.skim import skim_files
from reconciler.config.run.skimmed import Skimmed
from reconciler.config.run.suppressions import suppress
from reconciler.config.run.workers import how_many, spread
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.rules import UNREADABLE_FILE, UNUSED_SUPPRESSION

_SKIM_PAYS_FROM = 10_000
"""Below this many files a second process costs more than it saves: a skim is far quicker than a check."""

Check = Callable[[Batch], Part]
"""How files are checked: over as many processes as were asked for."""


@dataclass(frozen=True, slots=True)
class Since:
    """The repository around a folder, and the commit that it is compared with."""

    repository: Repository
    commit: Commit

    @classmethod
    def of(cls, folder: str, named: str) -> "Since":
        """Find both; three dots behind a name mean where its history and HEAD's parted. Raises GitError."""
        repository = find_repository(Path(folder))
        return cls(repository, repository.starting_point(named, "HEAD"))

    def __str__(self) -> str:
        return f"{self.commit.named} ({self.commit.short})"


def is_changed(path: Path, named: str, root: str | None) -> bool:
    """Whether a single file, or the settings of its root, differ from a commit; a link always may. Raises GitError."""
    folder, name = os.path.split(os.path.normpath(path))
    since = Since.of(folder or ".", named)
    with asking(since.repository, since.commit, name) as asked:
        changes = asked.changes()
    if changes.is_changed(name) or path.is_symlink():
        return True
    return root is not None and is_any_changed(
        since.repository, since.commit, [f"{os.path.realpath(root)}/{SETTINGS_FILE}"]
    )


def check_changed(
    since: Since, jobs: int | None, check: Check, listing: Callable[[], Listed], validator: Validator
) -> tuple[Part, Listed]:
    """Check what differs from a commit in a root, and what stands between all its files.

    `listing` lists the root while git is at work. Raises GitError.
    """
    with asking(since.repository, since.commit) as asked:
        listed = listing()
        changes, skimmed = _skim(listed.batch, asked, jobs)
    batch, why = listed.batch, _why_everything(since, changes, listed)
    if not why:
        skimmed.doubt(validator.claims_anything)
        return _check(since, batch, changes, skimmed, check), listed
    part = check(batch)
    part.diagnostics += across(batch, part)
    part.notes.append(f"all files are checked: {why} differs from {since}")
    return part, listed


def _check(since: Since, batch: Batch, changes: Changes, skimmed: Skimmed, check: Check) -> Part:
    same = changes.same.difference(batch.special)
    changed = [file for file in batch.files if file not in same]
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


def _skim(batch: Batch, asked: Asked, jobs: int | None) -> tuple[Changes, Skimmed]:
    files = [file for file in batch.files if file not in batch.special] if batch.special else batch.files
    processes = how_many(jobs, len(files)) if jobs or len(files) >= _SKIM_PAYS_FROM else 1
    shares = _shares(files, processes)
    answers: list[Changes] = []

    def work(share: Sequence[str]) -> tuple[list[bytes | None], dict[int, bytes]]:
        found = skim_files(share, batch.base)
        if share is shares[0]:  # in this process: the others go on meanwhile
            answers.append(asked.changes())
        return found

    skimmed = Skimmed()
    for share, (ids, fallbacks) in zip(shares, spread(shares, work), strict=True):
        skimmed.add(share, ids, fallbacks)
    return answers[0], skimmed


def _shares(files: Sequence[str], processes: int) -> list[Sequence[str]]:
    """Return a share of the files for each process, the first one smaller: its process has more to do."""
    first = len(files) * 9 // (10 * processes) if processes > 1 else len(files)
    rest = files[first:]
    return [files[:first], *(rest[i :: processes - 1] for i in range(processes - 1))]


def _between(batch: Batch, part: Part, quiet: Part, skimmed: Skimmed, check: Check) -> list[Diagnostic]:
    """Return what is wrong between files. A file that was only skimmed is checked before anything is said of it."""
    while True:
        exact = [*part.fallbacks, *quiet.fallbacks]
        wanted = {fallback.encode("utf-8", "surrogatepass") for _, fallback, _, _ in exact}
        known = {config_id.encode("utf-8", "surrogatepass") for config_id, _, _ in (*part.ids, *quiet.ids)}
        suspects = skimmed.suspects(known, wanted)
        found: list[Diagnostic] = []
        if not suspects:
            found = _across(batch, part, quiet, skimmed if exact or skimmed.fallbacks else None)
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


def _why_everything(since: Since, changes: Changes, listed: Listed) -> str:
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
