"""Checking one file by itself, or a text that an editor has not saved: by the settings of the root that it lies in.

What needs a whole directory (two files with one id, a fallback elsewhere) is not looked for. Called by `run`.
"""

import os
from pathlib import Path

from msgspec import Struct

from reconciler.config.files import (
    SETTINGS_FILE,
    TEST_SUFFIXES,
    Unreadable,
    Vanished,
    check_regular,
    is_skipped_name,
    leads_out,
)
from reconciler.config.places import display_path, display_prefix
from reconciler.config.run.check_files import check_bytes, check_files
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.roots import root_of, shown_under, unreadable
from reconciler.config.tree.settings import DirectorySettings, parse_settings
from reconciler.config.tree.settings_file import SettingsFile, schemas_beneath
from reconciler.config.validation import Validator
from reconciler.core.findings.selection import Selection
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import RootUnreadable


class Home(Struct, frozen=True):
    """The root that a file lies in: its settings, where in it the file stands and leads to, and its resolved path."""

    settings: DirectorySettings
    problems: tuple[Diagnostic, ...] = ()
    prefix: str = ""
    place: tuple[str, str] = ("", "")
    base: str = ""

    def batch(self, base: str, prefix: str, name: str) -> Batch:
        """Return the one file as what `check_files` takes."""
        policy = self.settings.policy
        shown = policy.shown_as(self.prefix + SETTINGS_FILE) if policy is not None else None
        return Batch(base, prefix, (name,), (), shown, self.place)


class Homes:
    """The roots of the files of one run, each with its settings read once.

    A file lies in `directory` where it is beneath that, else in the nearest folder above it that has settings.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._known: dict[str, SettingsFile] = {}

    def of(self, path: str) -> Home:
        """Return the root of a file; without one there are no settings."""
        absolute = os.path.normpath(Path(path).absolute())
        root = root_of(Path(absolute), self._directory)
        if root is None:
            return Home(DirectorySettings())
        base = os.path.realpath(root)
        target = os.path.realpath(absolute)
        inside = target.removeprefix(f"{base}/") if target.startswith(f"{base}/") else ""
        place = absolute.removeprefix(f"{root}/") if absolute.startswith(f"{root}/") else inside
        file = self._known.get(base)
        if file is None:
            file = self._known[base] = SettingsFile()
            file.refresh(base)
        return Home(file.settings, file.problems, display_prefix(Path(root)), (place, inside), base)


def check_single(path: Path, validator: Validator, selection: Selection, homes: Homes) -> Part:
    """Check one file; a name that is skipped in a directory is skipped here too."""
    folder, name = os.path.split(os.path.normpath(path))
    shown = display_path(path)
    if name == SETTINGS_FILE:
        return _check_settings(folder or ".", shown.removesuffix(name))
    if is_skipped_name(name):
        return _skipped(shown, name)
    try:
        base = os.path.realpath(path, strict=True)
        check_regular(base)
    except OSError as error:
        raise unreadable(path, error) from error
    except Vanished:
        raise RootUnreadable(f"{path} does not exist") from None
    except Unreadable as problem:
        return _failed(Part([problem.diagnostic(shown)], files=1))
    home = homes.of(str(path))
    if path.is_symlink() and home.place[0] and not home.place[1]:
        return _failed(Part([leads_out().diagnostic(shown)], files=1))
    if name.endswith(TEST_SUFFIXES):
        from reconciler.config.run.case_files import check_test

        return _concluded(check_test(path, shown, home.base), home, selection)
    real_folder, real_name = os.path.split(base)
    batch = home.batch(real_folder, shown.removesuffix(name), real_name)
    part = check_files(batch, validator)
    if len(part.ids) > 1:
        from reconciler.config.run.across import Places, duplicates

        part.diagnostics += duplicates(Places(batch), part.ids)
    return _concluded(part, home, selection)


def check_text(data: bytes, name: str, validator: Validator, selection: Selection, homes: Homes) -> Part:
    """Check a text as the content of the file `name`, by the same rules."""
    shown = display_path(Path(name))
    base = Path(shown).name
    if base == SETTINGS_FILE:
        found = parse_settings(data, schemas_beneath(os.path.realpath(Path(name).parent)))
        return _failed(Part([shown_under(d, shown.removesuffix(base)) for d in found.diagnostics], files=1))
    if is_skipped_name(base):
        return _skipped(shown, base)
    home = homes.of(name)
    part = Part(files=1)
    if base.endswith(TEST_SUFFIXES):
        from reconciler.config.run.case_files import judge_test

        part.tests = 1
        part.diagnostics += judge_test(data, Path(name), shown, home.base)
    else:
        check_bytes(part, data, shown, validator, home.batch("", "", shown).bounds(shown))
    return _concluded(part, home, selection)


def _skipped(shown: str, name: str) -> Part:
    """Return what a file comes to that is named and not checked: a word, so that nobody takes it for a good one."""
    part = Part()
    part.notes.append(f"{shown} is not checked: a file whose name begins with {name[0]} is never loaded")
    return part


def _concluded(part: Part, home: Home, selection: Selection) -> Part:
    part.let_go()  # a fallback may well be in another file
    part.diagnostics += [shown_under(problem, home.prefix) for problem in home.problems]
    part.conclude(selection, home.settings.selection, whole=False)
    return part


def _failed(part: Part) -> Part:
    part.failed = any(d.is_error for d in part.diagnostics)
    return part


def _check_settings(folder: str, prefix: str) -> Part:
    file = SettingsFile()
    file.refresh(os.path.realpath(folder))
    return _failed(Part([shown_under(problem, prefix) for problem in file.problems], files=1))
