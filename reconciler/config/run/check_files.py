"""Checking many files one after the other, keeping only findings and ids: the loop that `validate` spends its time in.

Runs in the process of `run`, or in one of its workers (`workers`), which send a `Part` back. What only findings
need is imported when there are some: checking one file should take no longer than starting Python a few times.
"""

from typing import TYPE_CHECKING

from reconciler.config.checked import Checked
from reconciler.config.files import Unreadable, Vanished, check_regular, read_file, resolve_link
from reconciler.config.run.part import Batch, Part
from reconciler.config.run.suppressions import MARK, find_suppressions
from reconciler.config.validation import Validator
from reconciler.config.yaml.reader import read_documents
from reconciler.model.config import ConfigDocument
from reconciler.model.rules import POLICY

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Bounds


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
        checked = validator.check(document, shown, bounds)
        # What may not stand in its folder names nothing: it is not the other place of a duplicate.
        if checked.id is not None:
            if any(d.rule == POLICY for d in checked.diagnostics):
                part.refused.append(checked.id)
            else:
                part.ids.append((checked.id, shown, document.line))
        if checked.diagnostics:
            part.diagnostics += checked.diagnostics
        if checked.document is not None:
            _note(part, checked, checked.document, (shown, document.line))
        document.release()


def _note(part: Part, checked: Checked, document: ConfigDocument, place: tuple[str, int]) -> None:
    """Note what of a valid document others have to do with."""
    raw = document.raw
    if "delivery" in raw and "fallback" in raw["delivery"]:
        part.fallbacks.append((document.id, raw["delivery"]["fallback"], *place))
    if checked.use is not None:
        part.uses.append(checked.use)
    if raw.get("enabled") is False:
        part.disabled.append(document.id)
    elif checked.claims:
        claims = tuple(checked.claims.of(raw.get("settings") or {}))
        part.claims.append((document.id, *place, claims, checked.claims.shared))


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
