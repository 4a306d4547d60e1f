"""`reconcile plan --from … --to …`: what a change, such as a pull request, does to a live set. It runs nothing.

Both commits are read from git's objects and judged as the files of a daemon are; what comes of it is `core.comparison`.
"""

from collections.abc import Callable

from msgspec import Struct

from reconciler.compose.build import build_tools
from reconciler.compose.options import EngineOptions
from reconciler.config.git.between import read_between
from reconciler.config.git.objects import read_objects
from reconciler.config.git.repository import Commit, Repository, find_repository
from reconciler.config.git.revision import Revision, read_revision
from reconciler.config.tree.snapshot import Snapshot
from reconciler.core.plan.comparison import Comparison, compare
from reconciler.core.plan.guard import PruneLimit
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import RootUnreadable
from reconciler.runtime.clock import SystemClock


class BetweenReport(Struct, frozen=True):
    """What the step from one commit to another does.

    `diagnostics` are the findings that are new, their files relative to the directory; `known` counts the errors that
    were there before. `source` gives the bytes of such a file as the second commit has it.
    """

    before: Commit
    after: Commit
    comparison: Comparison
    diagnostics: tuple[Diagnostic, ...]
    known: int
    notes: tuple[str, ...]
    source: Callable[[str], bytes | None]


def plan_between(options: EngineOptions, before: str, after: str) -> BetweenReport:
    """Compare the directory at two commits. Raises GitError, or RootUnreadable where neither has the directory."""
    repository = find_repository(options.root)
    new = repository.commit(after)
    old = repository.starting_point(before, after)
    validator = build_tools(options, SystemClock()).validator
    revisions = read_revision(repository, old), read_revision(repository, new)
    if not any(revision.is_there for revision in revisions):
        raise RootUnreadable(f"the directory {options.root} is neither in {before} nor in {after}")
    between = read_between(repository.git, *revisions, validator)
    limit = PruneLimit.parse(options.prune_limit)
    comparison = compare(
        between.before.desired,
        between.after.desired,
        limit,
        root_lost=_lost(revisions[1], between.before),
        refused=between.refused,
    )
    found, known = _new(between.before, between.after)
    return BetweenReport(old, new, comparison, found, known, _notes(*revisions), _source(repository, revisions[1]))


def _lost(after: Revision, before: Snapshot) -> str:
    """Say why every removal is held: git keeps no empty folder, so a directory that lost its last file is gone."""
    if after.is_there or not before.files:
        return ""
    return "the directory itself is gone: a daemon keeps what it last read"


def _new(before: Snapshot, after: Snapshot) -> tuple[tuple[Diagnostic, ...], int]:
    """Return the findings that were not there before, wherever their lines have moved, and how many errors were."""
    old = {_essence(found) for found in before.diagnostics}
    new = tuple(found for found in after.diagnostics if _essence(found) not in old)
    return new, sum(found.is_error for found in after.diagnostics) - sum(found.is_error for found in new)


def _essence(found: Diagnostic) -> tuple[object, ...]:
    return found.rule, found.span.file, found.path, found.message


def _notes(before: Revision, after: Revision) -> tuple[str, ...]:
    folders = sorted({*before.submodules, *after.submodules})
    return tuple(f"{folder} is a submodule: what is in it is not compared" for folder in folders)


def _source(repository: Repository, revision: Revision) -> Callable[[str], bytes | None]:
    def source(file: str) -> bytes | None:
        found = revision.files.get(file)
        if not isinstance(found, str):
            return None
        data = dict(read_objects(repository.git, [found]))[found]
        return data if isinstance(data, bytes) else None

    return source
