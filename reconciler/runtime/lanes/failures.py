"""What an integration's failure is called: in messages, in states, in the log."""

import logging

from reconciler.model.errors import DeadlineExceeded, SecretError, TerminalError, TransientError
from reconciler.model.state import StateReason
from reconciler.runtime.services import Services

log = logging.getLogger(__name__)
_EXPECTED = (TransientError, TerminalError, DeadlineExceeded, SecretError)
"""What is raised on purpose: its message is enough, and no traceback is logged."""


def describe(error: BaseException) -> str:
    """Return a failure as one line for people."""
    text = str(error).strip()
    if isinstance(error, _EXPECTED) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def reason_of(error: Exception) -> StateReason:
    """Return the reason of the state that a failure leads to."""
    if isinstance(error, TerminalError):
        return StateReason.TERMINAL
    if isinstance(error, DeadlineExceeded):
        return StateReason.DEADLINE
    return StateReason.ERROR


def log_failure(services: Services, key: str, what: str, error: Exception) -> None:
    """Log a failure of the code of `key`."""
    fields = services.about(key, action=what, error=describe(error))
    trace = None if isinstance(error, _EXPECTED) else error
    log.warning("%s: %s failed: %s", key, what, describe(error), exc_info=trace, extra={"fields": fields})
