"""`reconcile validate`: check directories and single files once, and keep nothing but findings.

The counterpart of `directory`, which the daemon uses: the same listing, reading and checking, without memory. Called
by the command line. Files are not waited for until they settle.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reconciler.config.files import SETTINGS_FILE, join
from reconciler.config.places import display_prefix
from reconciler.config.run.files import Batch, Part, check_files, without_gc
from reconciler.config.run.single import Homes, check_single, check_text, is_folder, shown_under, unreadable
from reconciler.config.run.suppressions import conclude
from reconciler.config.tree.settings import NOTHING_SAID, Selection
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic

_SPREAD_FROM = 40
_WARM = 20
"""How many files are checked before workers are forked: what those read and compile, the workers have."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to check. `jobs` is how many processes, None or 0 for as many as pay; `integrations` None allows all.

    `selection` beats what a root's `reconcile.toml` says; a file that is checked alone belongs to the root `directory`
    where it lies beneath that. With `resolve_secrets`, what the documents refer to is tried as well.
    """

    jobs: int | None = None
    allow_plaintext_secrets: bool = False
    integrations: tuple[str, ...] | None = None
    secrets_dir: Path = Path("/run/secrets")
    selection: Selection = NOTHING_SAID
    directory: Path | None = None
    resolve_secrets: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """What was found, by place; `files` and `configs` count what was looked at, the invalid included.

    `failed` is whether something of it fails the run: an error, or a warning of a root that is `strict`. `secrets` are
    the distinct references that were tried, None where nobody asked for it.
    Files in `diagnostics` are relative to where the user stands, so that they can be opened from there.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    configs: int
    failed: bool = False
    secrets: int | None = None


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
    total, homes = Part(), Homes(chosen.directory)
    with without_gc():
        for path, is_root in roots:
            if is_root:
                total.add(_check_root(path, chosen, checker))
            else:
                total.add(check_single(path, checker, chosen.selection, homes))
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
    return RunResult(found, total.files, total.configs, total.failed, tried)


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
    from reconciler.config.tree.settings import too_many
    from reconciler.config.tree.settings_file import SettingsFile
    from reconciler.config.tree.walk import walk_all

    try:
        base = os.path.realpath(path, strict=True)
    except OSError as error:
        raise unreadable(path, error) from error
    walk = walk_all(base, _nothing)
    if walk.root_error is not None:
        raise unreadable(path, walk.root_error) from walk.root_error
    prefix = display_prefix(path)
    file = SettingsFile()
    settings = file.refresh(base)
    problems = [*file.problems, *walk.broken.values()]
    problems += [problem for listing in walk.listings.values() for problem in listing.problems]
    files = sorted(join(folder, name) for folder, listing in walk.listings.items() for name in listing.files)
    if len(files) > settings.max_files:
        problems.append(too_many(settings.max_files))
        del files[settings.max_files :]
    special = frozenset(
        join(folder, name) for folder, listing in walk.listings.items() for name in listing.links | listing.odd
    )
    policy = settings.policy.shown_as(prefix + SETTINGS_FILE) if settings.policy is not None else None
    batch = Batch(base, prefix, files, special, policy)
    part = _check_batch(batch, options.jobs, validator)
    part.diagnostics += [shown_under(problem, prefix) for problem in problems]
    if part.ids:
        from reconciler.config.run.across import across

        part.diagnostics += across(batch, part)
    if policy is not None:
        from reconciler.config.policy.unused import unused

        part.diagnostics += unused(policy, files, validator.missing)
    conclude(part, options.selection, settings.selection)
    return part


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


def _nothing() -> None:
    return None
