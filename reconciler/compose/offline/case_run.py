"""Runs test cases over an offline world: routes each event as the daemon would, rehearses what is looked at, judges.

Called by `reconcile test`. It reads test files and snapshots, and writes snapshots where it is told to.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.compose.offline.world import OfflineWorld
from reconciler.compose.rehearsal.course import Script
from reconciler.compose.rehearsal.rehearsal import Rehearsal
from reconciler.config.cases.find import find_tests, read_test, snapshot_file
from reconciler.config.cases.read import CaseFile, ReadCases, read_cases
from reconciler.config.cases.schema import CasesSchema
from reconciler.config.cases.snapshots import Snapshots, read_snapshots, write_snapshots
from reconciler.config.files import TEST_SUFFIXES, Unreadable
from reconciler.config.places import display_path, display_prefix
from reconciler.core.cases.expect import Happened, Received, judge, snapshot_of
from reconciler.core.cases.result import CaseResult, CaseRun
from reconciler.core.findings.nearest import Names
from reconciler.core.routing.trace import Verdict
from reconciler.model.case import Case
from reconciler.model.config import ConfigDocument, Presence
from reconciler.model.errors import ReconcileError
from reconciler.model.rehearsal import Course, Rehearsed
from reconciler.report.places import relocate


class CaseOptions(Struct, frozen=True):
    """Which cases run: those of `paths` (all of the root where there are none) whose name or file holds `text`."""

    paths: tuple[Path, ...] = ()
    text: str = ""
    update: bool = False


def run_cases(world: OfflineWorld, root: Path, options: CaseOptions) -> CaseRun:
    """Run the cases and return what became of them. Raises RootUnreadable, and ReconcileError for a bad path."""
    run = CaseRun()
    runner = _Runner(world, options, run, display_prefix(root))
    for file, name in _files(root, options.paths, run, whole=not options.text):
        runner.run_file(file, name)
    run.enabled = world.enabled()
    run.invalid = [display_prefix(root) + file for file in world.files_with_errors()]
    return run


def _files(root: Path, paths: Sequence[Path], run: CaseRun, *, whole: bool) -> Iterator[tuple[CaseFile, str]]:
    """Yield each test file once, by its path, with its name; note snapshots that belong to none."""
    base = os.path.realpath(root)
    seen: set[str] = set()
    for path in paths or (root,):
        real = os.path.realpath(path)
        if path.is_dir():
            inside = real == base or real.startswith(f"{base}/")
            top, beneath = (base, os.path.relpath(real, base)) if inside else (real, ".")
            found = find_tests(top, "" if beneath == "." else beneath)
            prefix = display_prefix(root if inside else path)
            places = [(os.path.join(top, name), prefix + name, top) for name in found.tests]  # noqa: PTH118
            if whole:
                run.stale += [f"{prefix}{name} belongs to no test file: delete it" for name in found.orphans]
        elif path.name.endswith(TEST_SUFFIXES):
            if not path.exists():
                raise ReconcileError(f"{path} does not exist")
            beside = os.path.dirname(os.path.realpath(path.parent / "_"))  # noqa: PTH120 — of the link, if it is one
            top = base if f"{beside}/".startswith(f"{base}/") else os.path.dirname(real)  # noqa: PTH120
            places = [(os.path.abspath(path), display_path(path), top)]  # noqa: PTH100
        else:
            missing = "" if path.exists() else " that does not exist"
            raise ReconcileError(f"expected a folder or a file whose name ends with .test.yaml, found {path}{missing}")
        for place, shown, top in places:
            if place not in seen:
                seen.add(place)
                folder, name = os.path.split(place)
                yield CaseFile(shown, os.path.realpath(folder), top), name


class _Runner:
    """Runs the cases of one file after the other."""

    def __init__(self, world: OfflineWorld, options: CaseOptions, run: CaseRun, prefix: str) -> None:
        self._world = world
        self._options = options
        self._run = run
        self._schema = CasesSchema()
        self._known = Names(world.ids())
        self._invalid = {
            key: tuple(relocate(one.diagnostics, prefix))
            for key, one in world.snapshot.desired.items()
            if one.presence is not Presence.VALID
        }

    def run_file(self, file: CaseFile, name: str) -> None:
        """Run the cases of one file."""
        try:
            read = read_cases(read_test(file, name), file, self._known, self._schema)
        except Unreadable as problem:
            self._run.files += 1
            self._run.diagnostics.append(problem.diagnostic(file.shown))
            return
        chosen = [case for case in read.cases if self._is_chosen(case)]
        is_concerned = bool(chosen or read.diagnostics or not self._options.text)
        self._run.files += is_concerned
        self._run.others += not is_concerned
        self._run.diagnostics += read.diagnostics
        stored_at = Path(file.folder) / snapshot_file(name)
        stored = read_snapshots(stored_at)
        fresh: dict[str, Mapping[str, Any]] = {}
        for case in chosen:
            fresh |= self._run_case(case, stored.get(case.name))
        shown = snapshot_file(file.shown)
        self._settle(read, stored, fresh, stored_at, shown)

    def _is_chosen(self, case: Case) -> bool:
        return self._options.text.lower() in f"{case.file}: {case.name}".lower()

    def _run_case(self, case: Case, stored: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
        """Run one case; return what is to be stored of it, by its name, where that is asked."""
        if case.skip:
            self._run.results.append(CaseResult(case))
            return {}
        began = time.monotonic()
        happened = self._happen(case)
        taken = snapshot_of(case, happened)
        update = self._options.update and case.has_snapshot
        failures = judge(case, happened, taken if update else stored)
        self._run.results.append(CaseResult(case, tuple(failures), time.monotonic() - began))
        return {case.name: taken} if update and not failures else {}

    def _happen(self, case: Case) -> Happened:
        reached: dict[str, list[int]] = {}
        for index, event in enumerate(case.events):
            for config_id in self._world.receivers(event):
                reached.setdefault(config_id, []).append(index)
        self._run.reached.update(reached)
        looked_at = {one.config_id for one in case.wanted if one.count != 0}
        received: dict[str, list[Received]] = {}
        with self._world.rehearsal(case.now) as rehearsal:
            for config_id, indices in sorted(reached.items()):
                document = self._world.desired(config_id).document
                rehearsed = case.snapshot or config_id in looked_at or config_id in case.answers
                received[config_id] = [
                    Received(index, self._rehearse(rehearsal, case, document, index) if rehearsed else None)
                    for index in indices
                ]
            self._hand_over(rehearsal, case, received)

        def why(config_id: str, index: int) -> Verdict:
            return self._world.verdict(config_id, case.events[index])

        return Happened(received, why, self._invalid)

    def _rehearse(
        self,
        rehearsal: Rehearsal,
        case: Case,
        document: ConfigDocument | None,
        index: int,
        before: Course | None = None,
    ) -> Rehearsed | None:
        """Rehearse one delivery; `before` is how another configuration tried and gave it up."""
        if document is None:
            return None
        script = None
        if document.id in case.answers:
            after, is_fallback = (sum(before.waits), True) if before is not None else (0.0, False)
            script = Script(case.answers[document.id], after, is_fallback, self._is_there)
        return rehearsal.deliver(document, case.events[index], script)

    def _is_there(self, config_id: str) -> bool:
        return self._world.desired(config_id).document is not None

    def _hand_over(self, rehearsal: Rehearsal, case: Case, received: dict[str, list[Received]]) -> None:
        """Deliver what was given up to the fallbacks that run."""
        for config_id, got in list(received.items()):
            for one in list(got):
                course = one.rehearsed.course if one.rehearsed is not None else None
                if course is None or course.result != "fallback":
                    continue
                document = self._world.desired(course.fallback).document
                if document is not None and document.enabled:
                    rehearsed = self._rehearse(rehearsal, case, document, one.event, course)
                    received.setdefault(document.id, []).append(Received(one.event, rehearsed, config_id))
                    self._run.reached.add(document.id)

    def _settle(self, read: ReadCases, stored: Snapshots, fresh: Mapping[str, Any], path: Path, shown: str) -> None:
        """Tell, or with --update drop, what is stored and not asked for; store what is new."""
        asked = {case.name: case for case in read.cases if case.has_snapshot}
        stale = {name for name in stored if name not in asked} if read.is_whole else set()
        if not self._options.update:
            self._run.stale += [
                f"{shown}: no case {name!r} asks for what is stored: --update drops it" for name in stale
            ]
            return
        kept = {name: fresh.get(name, stored.get(name)) for name in asked}
        left = {} if read.is_whole else {name: value for name, value in stored.items() if name not in asked}
        if write_snapshots(path, {name: value for name, value in {**kept, **left}.items() if value is not None}):
            self._run.written.append(shown)
