"""From the bytes of one file to what it says: reader and validation together, whatever happens inside them.

Called by `directory` for each file that changed. It keeps nothing.
"""

import logging
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.files import Unreadable
from reconciler.config.tree.snapshot import Claim, FileState
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.rules import INTERNAL_ERROR, POLICY, UNREADABLE_FILE

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Bounds

log = logging.getLogger(__name__)


class FileRecord(Struct, eq=False):
    """What is remembered of a file to know whether to read it again; `retry` says to, whatever its signature."""

    signature: bytes
    content: bytes = b""
    retry: bool = False


def read_state(file: str, data: bytes, validator: Validator, bounds: "Bounds | None" = None) -> FileState:
    """Return what the bytes of `file` say, within its bounds. Never raises: a failure of ours is a diagnostic too."""
    try:
        return _read_state(file, data, validator, bounds)
    except Exception as error:  # noqa: BLE001 — a failure of ours concerns one file, not the scan
        return FileState(diagnostics=(internal_error(file, error),))


def _read_state(file: str, data: bytes, validator: Validator, bounds: "Bounds | None") -> FileState:
    from reconciler.config.yaml.reader import read_documents

    result = read_documents(data, file)
    diagnostics = list(result.diagnostics)
    claims = []
    for document in result.documents:
        span = document.span(("name",), file)  # before the check, which drops the positions of a valid document
        checked = validator.check(document, file, bounds)
        diagnostics += checked.diagnostics
        if checked.id is not None:
            claims.append(
                Claim(
                    checked.id,
                    document.line,
                    span,
                    checked.document,
                    checked.diagnostics,
                    persistable=checked.persistable,
                    refused=any(d.rule == POLICY for d in checked.diagnostics),
                )
            )
        document.release()
    state = FileState(tuple(claims), tuple(diagnostics))
    return state if all(d.is_error for d in diagnostics) else _without_ignored(state, file, data)


def _without_ignored(state: FileState, file: str, data: bytes) -> FileState:
    """Leave out the warnings that comments of the file ignore. What is wrong with comments is for `validate` to say."""
    from reconciler.config.run.suppressions import MARK, find_suppressions, left

    comments = find_suppressions(data, file) if MARK in data else ()
    if not comments:
        return state
    claims = (replace(claim, diagnostics=left(claim.diagnostics, comments)) for claim in state.claims)
    return FileState(tuple(claims), left(state.diagnostics, comments))


def failed_state(file: str, problem: Unreadable) -> FileState:
    """Return the state of a file that could not be taken as one."""
    return FileState(diagnostics=(problem.diagnostic(file),), unreadable=problem.rule == UNREADABLE_FILE)


def internal_error(file: str, error: Exception) -> Diagnostic:
    """Log a failure of ours and return the finding for it, which names no value of the file."""
    log.error("%s: checking it failed", file, exc_info=error)
    message = f"checking this file failed inside reconcile ({type(error).__name__})"
    return Diagnostic(INTERNAL_ERROR, Severity.ERROR, message, Span(file), "please report it, with the file")
