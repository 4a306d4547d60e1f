"""For how long a service asks to be left alone: the text of a `Retry-After`, and what an error has of it.

Whatever somebody's code has put there, this raises nothing: what makes no sense is no wish. Used by whoever tries
again.
"""

import math
from datetime import UTC

from reconciler.model.errors import TransientError

LONGEST_WAIT = 86400.0
"""The longest wish that is believed, in seconds."""
_DIGITS = 20


def asked_to_wait(error: BaseException, now: float) -> float | None:
    """Return for how many seconds a service asked to be left alone, or None; `now` is in seconds since the epoch.

    An integration may hand over the header as it came: seconds as text, or a date.
    """
    if not isinstance(error, TransientError):
        return None
    try:
        wish = error.retry_after
        wait = seconds_of(wish, now) if isinstance(wish, str) else float(wish) if wish is not None else None
    except Exception:  # noqa: BLE001 — the value, and how it is had, are anybody's code
        return None
    if wait is None or math.isnan(wait) or wait <= 0:  # zero would be a hot loop
        return None
    return min(wait, LONGEST_WAIT)


def seconds_of(text: str, now: float) -> float | None:
    """Return the seconds that a `Retry-After` asks for (RFC 9110, section 10.2.3), never below 0, or None."""
    text = text.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text) if len(text) < _DIGITS else math.inf
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
