"""`validate --fix`: the files with findings that can be fixed, found beneath the roots that were checked, and fixed.

Called by the command line after a run of `validate_paths`. A file outside those roots is never written, nor one that is
reached through a link which the user named.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.config.files import TEST_SUFFIXES, Unreadable, Vanished, read_file, resolve_link
from reconciler.config.fix.apply import fix_bytes
from reconciler.config.fix.files import Changed, replace_file
from reconciler.config.places import display_path, display_prefix
from reconciler.config.run.beneath import root_above
from reconciler.config.run.case_files import judge_test
from reconciler.config.run.check_files import check_bytes
from reconciler.config.run.part import Part
from reconciler.config.run.single import Home, Homes
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json import Path as JsonPath
from reconciler.model.rules import POLICY

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Bounds


class FileFix(Struct, frozen=True):
    """What `--fix` did, or would do, to one file. `problem` says why it was left alone, and is empty if it was not.

    `refused` are findings whose fixes are not made, since the policy would not allow what comes of them.
    """

    file: str
    before: bytes = b""
    after: bytes = b""
    findings: tuple[Diagnostic, ...] = ()
    problem: str = ""
    refused: tuple[Diagnostic, ...] = ()


def fix_files(
    paths: Sequence[Path],
    diagnostics: Sequence[Diagnostic],
    validator: Validator,
    *,
    write: bool,
    directory: Path | None = None,
) -> list[FileFix]:
    """Fix every file beneath `paths` that has a fixable finding among `diagnostics`, which name files as shown.

    With `write` false nothing is written. Files are returned in the order of their names. `directory` is the root of
    a file that is named alone, where it lies beneath that.
    """
    names = dict.fromkeys(found.span.file for found in diagnostics if found.is_fixable)
    roots = [root for path in paths if (root := _root(path, directory)) is not None]
    done: dict[str, FileFix] = {}
    for shown in names:
        for place, home in _places(shown, roots):
            if place not in done:
                bounds = home.batch("", "", shown).bounds(shown)
                done[place] = _fix(place, shown, validator, bounds, write=write)
            break
    return [fix for fix in done.values() if fix.problem or fix.refused or fix.after != fix.before]


class _Root(Struct, frozen=True):
    """A folder as it was given and on disk, what is shown before the names in it, and the one file meant, if one is."""

    path: Path
    base: str
    prefix: str
    only: str
    homes: Homes


def _root(path: Path, directory: Path | None) -> _Root | None:
    if path.is_dir():
        base = os.path.realpath(path)
        above = root_above(path, base, directory)
        return _Root(path, base, display_prefix(path), "", Homes(Path(above[0]) if above else path))
    if path.is_symlink():
        return None
    folder, prefix = path.parent, display_path(path).removesuffix(path.name)
    return _Root(folder, os.path.realpath(folder), prefix, path.name, Homes(directory))


def _places(shown: str, roots: Sequence[_Root]) -> Iterator[tuple[str, Home]]:
    """Yield where the file that is shown so stands on disk, links resolved inside its root, and what holds for it."""
    for root in roots:
        name = shown.removeprefix(root.prefix)
        if not shown.startswith(root.prefix) or name.startswith("/") or (root.only and name != root.only):
            continue
        try:
            yield resolve_link(f"{root.base}/{name}", root.base), root.homes.of(str(root.path / name))
        except (Unreadable, Vanished):
            continue


def _fix(place: str, shown: str, validator: Validator, bounds: "Bounds | None", *, write: bool) -> FileFix:
    try:
        before, seen = read_file(place)
    except (Unreadable, Vanished):
        return FileFix(shown, problem="it cannot be read any more")

    def judge(data: bytes) -> list[Diagnostic]:
        part = Part()
        if shown.endswith(TEST_SUFFIXES):
            part.diagnostics += judge_test(data, Path(place), shown)
        else:
            check_bytes(part, data, shown, validator, bounds)
        return sorted(part.diagnostics, key=Diagnostic.sort_key)

    def breaches(data: bytes) -> frozenset[tuple[JsonPath, str]]:
        found = judge(data) if bounds is not None else ()
        return frozenset((one.path, one.message) for one in found if one.rule == POLICY)

    fixed = fix_bytes(before, judge, breaches)
    if write and fixed.data != before:
        try:
            replace_file(place, fixed.data, seen)
        except Changed:
            return FileFix(shown, problem="it was changed meanwhile: run it again")
        except OSError as error:
            return FileFix(shown, problem=f"it cannot be written: {(error.strerror or str(error)).lower()}")
    return FileFix(shown, before, fixed.data, fixed.findings, refused=fixed.refused)
