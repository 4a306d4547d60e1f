"""Test files checked beside the configurations: what `reconcile test` would refuse to run is a finding in CI as well.

No case is run and nobody's code. Called by `run` for the test files of a root, by `single` for one of them, and by
`fix`. Most roots have few: none of this is imported where there is none.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.cases.find import read_test
from reconciler.config.cases.read import CaseFile, KnownIds, read_cases
from reconciler.config.cases.schema import CasesSchema
from reconciler.config.files import SETTINGS_FILE, Unreadable
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.roots import root_of
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.rules import INVALID_EVENT, UNKNOWN_CONFIG

if TYPE_CHECKING:
    from reconciler.config.git.changes import Changes


def check_tests(batch: Batch, tests: Sequence[str], top: str, known: KnownIds | None) -> Part:
    """Check the test files of a root. `known` are the ids that its files name, None where not all were looked at.

    Files of events must lie inside of `top`, a resolved path.
    """
    part, schema = Part(), CasesSchema()
    for test in tests:
        folder, name = os.path.split(f"{batch.base}/{test}")
        _check(part, CaseFile(batch.prefix + test, folder, top), name, known, schema)
    return part


def check_tests_since(changes: "Changes", batch: Batch, tests: Sequence[str], top: str, known: KnownIds | None) -> Part:
    """Check those that differ from a commit, and in the others what they say of other files."""
    changed = [test for test in tests if changes.is_changed(test) or Path(batch.base, test).is_symlink()]
    part = check_tests(batch, changed, top, known)
    same = check_tests(batch, sorted(set(tests) - set(changed)), top, known)
    part.diagnostics += filter(_is_about_others, same.diagnostics)
    part.notes.append(f"{len(changed):,} of {len(tests):,} files of test cases are checked")
    return part


def top_of(path: Path, base: str, directory: Path | None) -> str:
    """Return the root, resolved, that the folder at `path` (resolved: `base`) is or lies in."""
    root = os.path.realpath(root_of(path / SETTINGS_FILE, directory) or base)
    return root if base.startswith(f"{root}/") else base


def check_test(path: Path, shown: str, root: str) -> Part:
    """Check one test file by itself: its ids are not looked up. `root` is the resolved one that it lies in, if any."""
    part = Part()
    _check(part, _alone(path, shown, root), path.name, None, CasesSchema())
    return part


def judge_test(data: bytes, path: Path, shown: str, root: str = "") -> list[Diagnostic]:
    """Return what is wrong with a text as the content of one test file, by the same rules."""
    return list(read_cases(data, _alone(path, shown, root), None, CasesSchema()).diagnostics)


def _alone(path: Path, shown: str, root: str) -> CaseFile:
    folder = os.path.realpath(path.parent)
    is_inside = bool(root) and f"{folder}/".startswith(f"{root}/")
    return CaseFile(shown, folder, root if is_inside else os.path.dirname(os.path.realpath(path)))  # noqa: PTH120


def _check(part: Part, file: CaseFile, name: str, known: KnownIds | None, schema: CasesSchema) -> None:
    part.files += 1
    part.tests += 1
    try:
        part.diagnostics += read_cases(read_test(file, name), file, known, schema).diagnostics
    except Unreadable as problem:
        part.diagnostics.append(problem.diagnostic(file.shown))
    except Exception as error:  # noqa: BLE001 — one file must not keep the others from being checked
        from reconciler.config.tree.read import internal_error

        part.diagnostics.append(internal_error(file.shown, error))


def _is_about_others(found: Diagnostic) -> bool:
    """Whether a finding may have come by a change of another file: of the configurations, or of a file of events."""
    return found.rule == UNKNOWN_CONFIG or (found.rule == INVALID_EVENT and found.path[-1:] == ("file",))
