"""`reconcile validate`: check directories and single files once, and keep nothing but findings.

The counterpart of `directory`, which the daemon uses: the same listing, reading and checking, without memory. Called
by the command line. Files are not waited for until they settle.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reconciler.config.collector import without_gc
from reconciler.config.run.check_files import check_files
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.single import Homes, check_single, check_text, is_folder, root_of, unreadable
from reconciler.config.validation import Validator
from reconciler.core.findings.selection import NOTHING_SAID, Selection
from reconciler.model.diagnostic import Diagnostic

_SPREAD_FROM = 40
_WARM = 20
"""How many files are checked before workers are forked: what those read and compile, the workers have."""


@dataclass(frozen=True, slots=True)
class RunOptions:
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


@dataclass(frozen=True, slots=True)
class RunResult:
    """What was found, by place; `files` and `configs` count what was looked at, the invalid included.

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


def validate_paths(
    paths: Sequence[Path], options: RunOptions | None = None, *, validator: Validator | None = None
) -> RunResult:
    """Check every path: a directory is a root of its own, a file is checked alone.

    Raises RootUnreadable when a path is missing or cannot be read at all, before anything is checked, and
    ReconcileError when a worker process dies.
    """
    chosen = options or RunOptions()
    roots = [(path, is_folder(path)) for path in paths]
    checker = validator or make_validator(chosen)
    total, homes, left_out = Part(), Homes(chosen.directory), 0
    with without_gc():
        for path, is_root in roots:
            if is_root:
                total.add(_check_root(path, chosen, checker))
            elif chosen.changed_since is None or _is_changed(path, chosen.changed_since, chosen.directory):
                total.add(check_single(path, checker, chosen.selection, homes))
            else:
                left_out += 1
    if left_out:
        named = sum(not is_root for _, is_root in roots)
        told = f"{named - left_out} of {named} files that are named"
        total.notes.append(f"{told} are checked: those that differ from {chosen.changed_since}")
    return _result(total, chosen, checker)


def validate_text(
    data: bytes, name: str, options: RunOptions | None = None, *, validator: Validator | None = None
) -> RunResult:
    """Check a text as if it stood in the file `name`, which need not exist: what an editor has not saved yet."""
    chosen = options or RunOptions()
    checker = validator or make_validator(chosen)
    part = check_text(data, name, checker, chosen.selection, Homes(chosen.directory))
    return _result(part, chosen, checker)


def _result(total: Part, options: RunOptions, validator: Validator) -> RunResult:
    tried = _try_secrets(total, validator) if options.resolve_secrets else None
    found = tuple(sorted(dict.fromkeys(total.diagnostics), key=Diagnostic.sort_key))
    return RunResult(found, total.files, total.configs, total.failed, tried, tuple(total.notes))


def _try_secrets(part: Part, validator: Validator) -> int:
    """Try every distinct reference once; return how many there were."""
    from reconciler.config.secret_trial import SecretTrial

    trial = SecretTrial(validator.secrets)
    trial.run(part.uses)
    schemas = {name: validator.resolved_schema(name) for name in {use.integration for use in part.uses}}
    found = [problem for use in part.uses for problem in trial.judge(use, schemas[use.integration])]
    part.diagnostics += found
    part.failed = part.failed or bool(found)
    return trial.tried


def make_validator(options: RunOptions) -> Validator:
    """Return the validator by which a run with these options judges."""
    from reconciler.config.catalogue import Catalogue
    from reconciler.config.secrets import SecretResolver

    secrets = SecretResolver(options.secrets_dir, os.environ)
    return Validator(
        Catalogue(options.integrations),
        secrets=secrets,
        allow_plaintext_secrets=options.allow_plaintext_secrets,
        keep_uses=options.resolve_secrets,
        digests=False,
    )


def _check_root(path: Path, options: RunOptions, validator: Validator) -> Part:
    from reconciler.config.run.listing import list_root

    try:
        base = os.path.realpath(path, strict=True)
    except OSError as error:
        raise unreadable(path, error) from error
    check = partial(_check_batch, jobs=options.jobs, validator=validator)
    if options.changed_since is None:
        listed = list_root(path, base, options.directory)
        part = check(listed.batch)
        _across(listed.batch, part)
    else:
        from reconciler.config.run.changed import Since, check_changed

        since = Since.of(base, options.changed_since)
        listing = partial(list_root, path, base, options.directory)
        part, listed = check_changed(since, options.jobs, check, listing, validator)
    batch = listed.batch
    if not batch.files:
        part.notes.append(f"{path} holds no configurations: they are in *.yaml and *.yml files")
    part.diagnostics += listed.problems
    if batch.policy is not None and listed.home == base:
        from reconciler.config.policy.unused import unused

        part.diagnostics += unused(batch.policy, batch.files, validator.missing)
    part.conclude(options.selection, listed.settings.selection)
    return part


def _across(batch: Batch, part: Part) -> None:
    if part.ids:
        from reconciler.config.run.across import across

        part.diagnostics += across(batch, part)


def _is_changed(path: Path, since: str, directory: Path | None) -> bool:
    from reconciler.config.run.changed import is_changed

    return is_changed(path, since, root_of(path, directory))


def _check_batch(batch: Batch, jobs: int | None, validator: Validator) -> Part:
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
