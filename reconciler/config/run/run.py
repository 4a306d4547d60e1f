"""`reconcile validate`: check directories and single files once, and keep nothing but findings.

The counterpart of `directory`, which the daemon uses: the same listing, reading and checking, without memory. Called
by the command line. Files are not waited for until they settle.
"""

import os
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.collector import without_gc
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.roots import is_folder, root_of, unreadable
from reconciler.core.findings.selection import NOTHING_SAID, Selection
from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.config.run.changed import Seen
    from reconciler.config.run.listing import Listed
    from reconciler.config.validation import Validator

_SPREAD_FROM = 40
_WARM = 20
"""How many files are checked before workers are forked: what those read and compile, the workers have."""


class RunOptions(Struct, frozen=True):
    """How to check. `jobs` is how many processes, None or 0 for as many as pay; `integrations` None allows all.

    `selection` beats what a root's `reconcile.toml` says; a file that is checked alone belongs to the root `directory`
    where it lies beneath that. With `resolve_secrets`, what the documents refer to is tried as well. `changed_since`
    names a commit: files that are as they were there are not checked by themselves.
    """

    jobs: int | None = None
    allow_plaintext_secrets: bool = False
    integrations: tuple[str, ...] | None = None
    secrets_dir: Path = Path("/run/secrets")
    selection: Selection = NOTHING_SAID
    directory: Path | None = None
    resolve_secrets: bool = False
    changed_since: str | None = None


class RunResult(Struct, frozen=True):
    """What was found, by place; `files` and `configs` count what was looked at, the invalid included.

    `tests` are those of the files that hold test cases and no configurations.
    `failed` is whether something of it fails the run: an error, or a warning of a root that is `strict`. `secrets` are
    the distinct references that were tried, None where nobody asked for it.
    Files in `diagnostics` are relative to where the user stands, so that they can be opened from there. `notes` say
    what was not looked at, and why.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    configs: int
    failed: bool = False
    secrets: int | None = None
    notes: tuple[str, ...] = ()
    tests: int = 0


def validate_paths(
    paths: Sequence[Path], options: RunOptions | None = None, *, validator: "Validator | None" = None
) -> RunResult:
    """Check every path: a directory is a root of its own, a file is checked alone.

    Raises RootUnreadable when a path is missing or cannot be read at all, before anything is checked, and
    ReconcileError when a worker process dies.
    """
    chosen = options or RunOptions()
    roots = [(path, is_folder(path)) for path in paths]
    judge = _judge(chosen, validator)
    total = Part()
    files = [path for path, is_root in roots if not is_root]
    with without_gc():
        for path, is_root in roots:
            if is_root:
                total.add(_check_root(path, chosen, judge))
        if files:
            total.add(_check_singles(files, chosen, judge()))
    return _result(total, chosen, judge)


def validate_text(
    data: bytes, name: str, options: RunOptions | None = None, *, validator: "Validator | None" = None
) -> RunResult:
    """Check a text as if it stood in the file `name`, which need not exist: what an editor has not saved yet."""
    chosen = options or RunOptions()
    from reconciler.config.run.single import Homes, check_text

    judge = _judge(chosen, validator)
    part = check_text(data, name, judge(), chosen.selection, Homes(chosen.directory))
    return _result(part, chosen, judge)


def _result(total: Part, options: RunOptions, judge: "Judge") -> RunResult:
    tried = _try_secrets(total, judge()) if options.resolve_secrets else None
    found = tuple(sorted(dict.fromkeys(total.diagnostics), key=Diagnostic.sort_key))
    return RunResult(found, total.files, total.configs, total.failed, tried, tuple(total.notes), total.tests)


def _try_secrets(part: Part, validator: "Validator") -> int:
    """Try every distinct reference once; return how many there were."""
    from reconciler.config.secret_trial import SecretTrial

    trial = SecretTrial(validator.secrets)
    trial.run(part.uses)
    schemas = {name: validator.resolved_schema(name) for name in {use.integration for use in part.uses}}
    found = [problem for use in part.uses for problem in trial.judge(use, schemas[use.integration])]
    part.diagnostics += found
    part.failed = part.failed or bool(found)
    return trial.tried


def make_validator(options: RunOptions) -> "Validator":
    """Return the validator by which a run with these options judges."""
    from reconciler.config.catalogue import Catalogue
    from reconciler.config.secrets import SecretResolver
    from reconciler.config.validation import Validator

    secrets = SecretResolver(options.secrets_dir, os.environ)
    return Validator(
        Catalogue(options.integrations),
        secrets=secrets,
        allow_plaintext_secrets=options.allow_plaintext_secrets,
        keep_uses=options.resolve_secrets,
        digests=False,
    )


Judge = Callable[[], "Validator"]
"""The validator of a run, made when it is first asked for: until then git may be at work already."""


def _judge(options: RunOptions, validator: "Validator | None") -> Judge:
    return cache(partial(make_validator, options)) if validator is None else lambda: validator


def _check_root(path: Path, options: RunOptions, judge: Judge) -> Part:
    try:
        base = os.path.realpath(path, strict=True)
    except OSError as error:
        raise unreadable(path, error) from error
    check = partial(_check_batch, jobs=options.jobs, judge=judge)
    if options.changed_since is None:
        listed = _list(path, base, options)
        part = check(listed.batch)
        tests = _tests(path, listed, options, part.names()) if listed.tests else None
        _across(listed.batch, part)
    else:
        from reconciler.config.run.since import Since

        since = Since.of(base, options.changed_since)
        with since.asking() as asked:  # what comes next is read while git is at work
            from reconciler.config.run.changed import check_changed, look

            validator, listed = judge(), _list(path, base, options)
            seen = look(listed.batch, asked, options.jobs)
        part = check_changed(since, listed, seen, check, validator)
        tests = _tests_since(seen, path, listed, options, check) if listed.tests else None
    batch = listed.batch
    if tests is not None:
        part.add(tests)
    if not batch.files:
        part.notes.append(f"{path} holds no configurations: they are in *.yaml and *.yml files")
    if listed.home == base and options.integrations is None:
        from reconciler.config.run.editor_schema import stale_schema

        note = stale_schema(base, batch.prefix, lambda: judge().installed)
        part.notes += [note] if note is not None else []
    part.diagnostics += listed.problems
    if batch.policy is not None and listed.home == base:
        from reconciler.config.policy.unused import unused

        part.diagnostics += unused(batch.policy, batch.files, judge().missing)
    part.conclude(options.selection, listed.settings.selection)
    return part


def _list(path: Path, base: str, options: RunOptions) -> "Listed":
    from reconciler.config.run.listing import list_root

    return list_root(path, base, options.directory)


def _tests(path: Path, listed: "Listed", options: RunOptions, names: Collection[str]) -> Part:
    """Check the test files of a root whose files name these ids; in a folder of a root, nobody knows all of them."""
    from reconciler.config.run.case_files import check_tests, top_of
    from reconciler.core.findings.nearest import Names

    top = top_of(path, listed.batch.base, options.directory)
    return check_tests(listed.batch, listed.tests, top, Names(names) if top == listed.batch.base else None)


def _tests_since(
    seen: "Seen", path: Path, listed: "Listed", options: RunOptions, check: Callable[[Batch], Part]
) -> Part:
    """Check the test files of a root that differ from a commit, and what the others say of other files."""
    from reconciler.config.run.case_files import check_tests_since, top_of
    from reconciler.config.run.claimed_ids import ClaimedIds

    top = top_of(path, listed.batch.base, options.directory)
    known = ClaimedIds(listed.batch, seen.skimmed, check) if top == listed.batch.base else None
    return check_tests_since(seen.changes, listed.batch, listed.tests, top, known)


def _across(batch: Batch, part: Part) -> None:
    if part.ids:
        from reconciler.config.run.across import across

        part.diagnostics += across(batch, part)


def _check_singles(paths: Sequence[Path], options: RunOptions, validator: "Validator") -> Part:
    from reconciler.config.run.single import Homes, check_single

    chosen = paths
    if options.changed_since is not None:
        from reconciler.config.run.since import is_changed

        since, directory = options.changed_since, options.directory
        chosen = [path for path in paths if is_changed(path, since, root_of(path, directory))]
    part, homes = Part(), Homes(options.directory)
    for path in chosen:
        part.add(check_single(path, validator, options.selection, homes))
    if len(chosen) < len(paths):
        told = f"{len(chosen)} of {len(paths)} files that are named"
        part.notes.append(f"{told} are checked: those that differ from {options.changed_since}")
    return part


def _check_batch(batch: Batch, jobs: int | None, judge: Judge) -> Part:
    from reconciler.config.run.check_files import check_files

    validator = judge()
    if jobs == 1 or len(batch.files) < _SPREAD_FROM:
        return check_files(batch, validator)
    from reconciler.config.run.workers import how_many, spread

    processes = how_many(jobs, len(batch.files))
    if processes == 1:
        return check_files(batch, validator)
    part = check_files(replace(batch, files=batch.files[:_WARM]), validator)
    # Every n-th file, so that a folder of large files is not one worker's alone.
    shares = [replace(batch, files=batch.files[_WARM + i :: processes]) for i in range(processes)]
    for result in spread(shares, partial(check_files, validator=validator)):
        part.add(result)
    part.ids.sort(key=lambda found: found[1:])
    return part
