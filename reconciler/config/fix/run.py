"""`validate --fix`: the files with findings that can be fixed, found beneath the roots that were checked, and mended.

Called by the command line after a run of `validate_paths`. A file outside those roots is never written, nor one that is
reached through a link which the user named.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.files import Unreadable, Vanished, read_file, resolve_link
from reconciler.config.fix.apply import fix_bytes
from reconciler.config.fix.files import Changed, replace_file
from reconciler.config.places import display_path, display_prefix
from reconciler.config.run.check_files import check_bytes
from reconciler.config.run.part import Part
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class FileFix:
    """What `--fix` did, or would do, to one file. `problem` says why it was left alone, and is empty if it was not."""

    file: str
    before: bytes = b""
    after: bytes = b""
    findings: tuple[Diagnostic, ...] = ()
    problem: str = ""


def fix_files(
    paths: Sequence[Path], diagnostics: Sequence[Diagnostic], validator: Validator, *, write: bool
) -> list[FileFix]:
    """Fix every file beneath `paths` that has a fixable finding among `diagnostics`, which name files as shown.

    With `write` false nothing is written. Files are returned in the order of their names.
    """
    names = dict.fromkeys(found.span.file for found in diagnostics if found.is_fixable)
    roots = [root for path in paths if (root := _root(path)) is not None]
    done: dict[str, FileFix] = {}
    for shown in names:
        for place in _places(shown, roots):
            if place not in done:
                done[place] = _fix(place, shown, validator, write=write)
            break
    return [fix for fix in done.values() if fix.problem or fix.after != fix.before]


def _root(path: Path) -> tuple[str, str, str] | None:
    """Return the folder on disk, what is shown before the names in it, and the one file that is meant, if one is."""
    if path.is_dir():
        return os.path.realpath(path), display_prefix(path), ""
    if path.is_symlink():
        return None
    shown = display_path(path)
    return os.path.realpath(path.parent), shown.removesuffix(path.name), path.name


def _places(shown: str, roots: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield where the file that is shown so stands on disk, its links resolved inside its root."""
    for base, prefix, only in roots:
        name = shown.removeprefix(prefix)
        if not shown.startswith(prefix) or name.startswith("/") or (only and name != only):
            continue
        try:
            yield resolve_link(f"{base}/{name}", base)
        except (Unreadable, Vanished):
            continue


def _fix(place: str, shown: str, validator: Validator, *, write: bool) -> FileFix:
    try:
        before, seen = read_file(place)
    except (Unreadable, Vanished):
        return FileFix(shown, problem="it cannot be read any more")

    def judge(data: bytes) -> list[Diagnostic]:
        part = Part()
        check_bytes(part, data, shown, validator, None)
        return sorted(part.diagnostics, key=Diagnostic.sort_key)

    fixed = fix_bytes(before, judge)
    if write and fixed.data != before:
        try:
            replace_file(place, fixed.data, seen)
        except Changed:
            return FileFix(shown, problem="it was changed meanwhile: run it again")
        except OSError as error:
            return FileFix(shown, problem=f"it cannot be written: {(error.strerror or str(error)).lower()}")
    return FileFix(shown, before, fixed.data, fixed.findings)
