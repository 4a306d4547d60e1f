"""Checking many files one after the other, keeping only findings and ids: the loop that `validate` spends its time in.

Runs in the process of `run`, or in one of its workers (`workers`), which send a `Part` back. What only findings
need is imported when there are some: checking one file should take no longer than starting Python a few times.
"""

import gc
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.config.files import Unreadable, Vanished, check_regular, read_file, resolve_link
from reconciler.config.run.suppressions import MARK, Suppression, find_suppressions
from reconciler.config.validation import Validator
from reconciler.config.yaml.reader import RawDocument, read_documents
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.model.rules import POLICY

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Bounds, Policy
    from reconciler.config.secret_trial import SecretUse


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one root. `base` is the root's resolved path, `prefix` is written before a file's path in findings.

    `special` are the files that are links, or no files at all, and have to be looked at before they are opened.
    `policy` is what the root allows; `place` is where in the root a file stands that is checked alone, and what its
    link leads to.
    """

    base: str
    prefix: str
    files: Sequence[str]
    special: Collection[str] = ()
    policy: "Policy | None" = None
    place: tuple[str, str] | None = None

    def bounds(self, file: str) -> "Bounds | None":
        """Return what the documents of a file must keep to."""
        if self.policy is None:
            return None
        if self.place is not None:
            return self.policy.bounds(*self.place)
        if file not in self.special:
            return self.policy.bounds(file)
        return self.policy.bounds(file, os.path.realpath(f"{self.base}/{file}").removeprefix(f"{self.base}/"))


class Part:
    """What checking some files gave: ids with the file (as shown) and line of each document that names one.

    `fallbacks` are the valid documents that name one, cut down to that, with its place; `disabled` the ids of those
    that are not to run. `comments` are those about findings; `failed` is whether what was found fails the run.
    """

    __slots__ = ("comments", "configs", "diagnostics", "disabled", "failed", "fallbacks", "files", "ids", "uses")

    def __init__(self, diagnostics: Sequence[Diagnostic] = (), files: int = 0) -> None:
        self.diagnostics = list(diagnostics)
        self.ids: list[tuple[str, str, int]] = []
        self.fallbacks: list[tuple[ConfigDocument, Span]] = []
        self.disabled: list[str] = []
        self.uses: list[SecretUse] = []
        self.files = files
        self.configs = 0
        self.comments: list[Suppression] = []
        self.failed = False

    def add(self, other: "Part") -> None:
        """Take in another part of the same root."""
        self.diagnostics += other.diagnostics
        self.ids += other.ids
        self.fallbacks += other.fallbacks
        self.disabled += other.disabled
        self.uses += other.uses
        self.files += other.files
        self.configs += other.configs
        self.comments += other.comments
        self.failed = self.failed or other.failed


def check_files(batch: Batch, validator: Validator) -> Part:
    """Check every file of `batch`; whatever is wrong with one is a finding and concerns no other."""
    part = Part()
    for file in batch.files:
        shown = batch.prefix + file
        try:
            data = read_listed(batch, file)
        except Vanished:
            continue  # deleted since it was listed
        except Unreadable as problem:
            part.files += 1
            part.diagnostics.append(problem.diagnostic(shown))
            continue
        part.files += 1
        try:
            check_bytes(part, data, shown, validator, batch.bounds(file))
        except Exception as error:  # noqa: BLE001 — one file must not keep the others from being checked
            from reconciler.config.tree.read import internal_error

            part.diagnostics.append(internal_error(shown, error))
    return part


def check_bytes(part: Part, data: bytes, shown: str, validator: Validator, bounds: "Bounds | None") -> None:
    """Check the content of one file, which findings name as `shown`, and add to `part` what comes of it."""
    if MARK in data:
        part.comments += find_suppressions(data, shown)
    result = read_documents(data, shown)
    if result.diagnostics:
        part.diagnostics += result.diagnostics
    for document in result.documents:
        part.configs += 1
        fallback = _fallback(document, shown)
        checked = validator.check(document, shown, bounds)
        # What may not stand in its folder names nothing: it is not the other place of a duplicate.
        if checked.id is not None and not any(d.rule == POLICY for d in checked.diagnostics):
            part.ids.append((checked.id, shown, document.line))
        if checked.diagnostics:
            part.diagnostics += checked.diagnostics
        if checked.document is not None:
            if fallback is not None:
                part.fallbacks.append(fallback)
            if checked.use is not None:
                part.uses.append(checked.use)
            if not checked.document.enabled:
                part.disabled.append(checked.document.id)
        document.release()


def _fallback(document: RawDocument, shown: str) -> tuple[ConfigDocument, Span] | None:
    """Return what a document says of its fallback; asked before the check, which drops the document's positions."""
    value = document.value
    delivery = value.get("delivery") if isinstance(value, dict) else None
    if not isinstance(delivery, dict) or "fallback" not in delivery:
        return None
    kept = {key: value.get(key) for key in ("integration", "name")} | {"delivery": {"fallback": delivery["fallback"]}}
    return ConfigDocument(kept, ""), document.span(("delivery", "fallback"), shown)


def read_listed(batch: Batch, file: str) -> bytes:
    """Return the bytes of a file that was listed; raises Unreadable, or Vanished when it is gone for good."""
    path = f"{batch.base}/{file}"
    if file not in batch.special:
        try:
            return read_file(path)[0]
        except Vanished:
            check_regular(path)  # replaced meanwhile? then say by what
            return read_file(path)[0]
    # A link may flip between resolving and opening; what it led to may be gone then.
    for _ in range(3):
        try:
            return read_file(resolve_link(path, batch.base))[0]
        except Vanished:
            check_link(path)
    raise Vanished


def check_link(path: str) -> None:
    """Raise Vanished when nothing stands at `path` any more."""
    try:
        check_regular(path)
    except Unreadable:
        return


def across(batch: Batch, part: Part) -> list[Diagnostic]:
    """Return what is wrong between the documents of one root, and let go of what only that needed."""
    found = duplicates(batch, part.ids)
    if part.fallbacks:
        from reconciler.config.checks.fallbacks import wrong_fallbacks

        found += wrong_fallbacks(part.fallbacks, [config_id for config_id, _, _ in part.ids], set(part.disabled))
    part.ids, part.fallbacks, part.disabled = [], [], []
    return found


def duplicates(batch: Batch, ids: Sequence[tuple[str, str, int]]) -> list[Diagnostic]:
    """Return an error for each place of each id that is named more than once in one root."""
    seen: dict[str, tuple[str, int]] = {}
    doubled: dict[str, list[tuple[str, int]]] = {}
    for config_id, file, line in ids:
        first = seen.setdefault(config_id, (file, line))
        if first != (file, line):
            doubled.setdefault(config_id, [first]).append((file, line))
    found: list[Diagnostic] = []
    if doubled:
        from reconciler.config.tree.snapshot import duplicate_diagnostics
    names: dict[str, dict[int, Span]] = {}
    for config_id, places in doubled.items():
        for file, _ in places:
            if file not in names:
                names[file] = _name_spans(batch, file)
        spans = [names[file].get(line, Span(file, line, 1, line, 1)) for file, line in sorted(places)]
        found += duplicate_diagnostics(config_id, spans)
    return found


def _name_spans(batch: Batch, shown: str) -> dict[int, Span]:
    """Read a file again for the places of names by their documents' lines: positions of all files are not kept."""
    try:
        result = read_documents(read_listed(batch, shown.removeprefix(batch.prefix)), shown)
    except (Vanished, Unreadable):
        return {}
    return {document.line: document.span(("name",), shown) for document in result.documents}


@contextmanager
def without_gc() -> Iterator[None]:
    """Keep the cycle collector out of bulk work: what is made there has no cycles, and collecting costs a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
