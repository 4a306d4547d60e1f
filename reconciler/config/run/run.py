"""`reconcile validate`: check directories and single files once, and keep nothing but findings.

The counterpart of `directory`, which the daemon uses: the same listing, reading and checking, without memory. Called
by the command line. Files are not waited for until they settle.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reconciler.config.files import SETTINGS_FILE, Unreadable, Vanished, check_regular, is_hidden_name, join
from reconciler.config.places import display_path, display_prefix
from reconciler.config.run.files import Batch, Part, across, check_files, duplicates, without_gc
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.model.errors import RootUnreadable

_SPREAD_FROM = 40
_WARM = 20
"""How many files are checked before workers are forked: what those read and compile, the workers have."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to check. `jobs` is how many processes, None or 0 for as many as pay; `integrations` None allows all."""

    jobs: int | None = None
    allow_plaintext_secrets: bool = False
    integrations: tuple[str, ...] | None = None
    secrets_dir: Path = Path("/run/secrets")


@dataclass(frozen=True, slots=True)
class RunResult:
    """What was found, by place; `files` and `configs` count what was looked at, the invalid included.

    Files in `diagnostics` are relative to where the user stands, so that they can be opened from there.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: int
    configs: int


def validate_paths(
    paths: Sequence[Path], options: RunOptions | None = None, *, validator: Validator | None = None
) -> RunResult:
    """Check every path: a directory is a root of its own, a file is checked alone.

    Raises RootUnreadable when a path is missing or cannot be read at all, before anything is checked, and
    ReconcileError when a worker process dies.
    """
    chosen = options or RunOptions()
    roots = [(path, _is_folder(path)) for path in paths]
    checker = validator or make_validator(chosen)
    total = Part()
    with without_gc():
        for path, is_folder in roots:
            total.add(_check_root(path, chosen, checker) if is_folder else _check_single(path, checker))
    found = tuple(sorted(dict.fromkeys(total.diagnostics), key=Diagnostic.sort_key))
    return RunResult(found, total.files, total.configs)


def make_validator(options: RunOptions) -> Validator:
    """Return the validator by which a run with these options judges."""
    from reconciler.config.catalogue import Catalogue
    from reconciler.config.secrets import SecretResolver

    secrets = SecretResolver(options.secrets_dir, os.environ)
    return Validator(
        Catalogue(options.integrations), secrets=secrets, allow_plaintext_secrets=options.allow_plaintext_secrets
    )


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RootUnreadable:
    reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
    return RootUnreadable(f"{path} {reason}")


def _check_root(path: Path, options: RunOptions, validator: Validator) -> Part:
    from reconciler.config.tree.settings import SettingsFile, too_many
    from reconciler.config.tree.walk import walk_all

    try:
        base = os.path.realpath(path, strict=True)
    except OSError as error:
        raise _unreadable(path, error) from error
    walk = walk_all(base, _nothing)
    if walk.root_error is not None:
        raise _unreadable(path, walk.root_error) from walk.root_error
    prefix = display_prefix(path)
    settings = SettingsFile().refresh(base)
    problems = [*settings.diagnostics, *walk.broken.values()]
    problems += [problem for listing in walk.listings.values() for problem in listing.problems]
    files = sorted(join(folder, name) for folder, listing in walk.listings.items() for name in listing.files)
    if len(files) > settings.max_files:
        problems.append(too_many(settings.max_files))
        del files[settings.max_files :]
    special = frozenset(
        join(folder, name) for folder, listing in walk.listings.items() for name in listing.links | listing.odd
    )
    batch = Batch(base, prefix, files, special)
    part = _check_batch(batch, options.jobs, validator)
    part.diagnostics += [_shown(problem, prefix) for problem in problems]
    part.diagnostics += across(batch, part)
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


def _check_single(path: Path, validator: Validator) -> Part:
    """Check one file by itself; a name that is skipped in a directory is skipped here too."""
    folder, name = os.path.split(os.path.normpath(path))
    shown = display_path(path)
    if name == SETTINGS_FILE:
        from reconciler.config.tree.settings import SettingsFile

        settings = SettingsFile().refresh(folder or ".")
        return Part([_shown(problem, shown.removesuffix(name)) for problem in settings.diagnostics], files=1)
    if is_hidden_name(name):
        return Part()
    try:
        base = os.path.realpath(path, strict=True)
        check_regular(base)
    except OSError as error:
        raise _unreadable(path, error) from error
    except Vanished:
        raise RootUnreadable(f"{path} does not exist") from None
    except Unreadable as problem:
        return Part([problem.diagnostic(shown)], files=1)
    real_folder, real_name = os.path.split(base)
    batch = Batch(real_folder, shown.removesuffix(name), (real_name,))
    part = check_files(batch, validator)
    part.diagnostics += duplicates(batch, part.ids)
    part.ids, part.fallbacks = [], []  # a fallback may well be in another file
    return part


def _shown(problem: Diagnostic, prefix: str) -> Diagnostic:
    """Return a finding about the root itself with its file as the user would write it."""
    span = problem.span
    return replace(problem, span=Span(prefix + span.file, span.line, span.column, span.end_line, span.end_column))


def _nothing() -> None:
    return None
