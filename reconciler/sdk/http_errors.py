"""What an HTTP exchange's failure means to the engine: which answers are tried again, and in which words it is told.

Messages name the scheme and host of a destination and nothing more of its address, since paths and queries hold
credentials. Called by `HttpClient`, and by integrations (`raise_for_delivery`).
"""

import errno
import os
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reconciler.core.retry_after import seconds_of
from reconciler.model.errors import TerminalError, TransientError

if TYPE_CHECKING:
    from reconciler.sdk.http_response import HttpResponse

MAX_RETRY_AFTER: Final = 3600.0
"""The longest `Retry-After` that is honoured, in seconds."""


def raise_for_delivery(response: "HttpResponse", *, now: float | None = None) -> None:
    """Return for a 2xx answer, else raise what steers the delivery.

    TransientError for 408, 425, 429 and 5xx, with the seconds of `Retry-After` where the answer has it; TerminalError
    for every other one, redirects among them. `now` is in seconds since the epoch, for a `Retry-After` that is a date.
    """
    if 200 <= response.status < 300:
        return
    text = f"{response.origin} answered {response.status}" + (f": {response.excerpt}" if response.excerpt else "")
    if response.status in (408, 425, 429) or response.status >= 500:
        raise TransientError(text, retry_after=retry_after(response.headers, now=now))
    if 300 <= response.status < 400:
        raise TerminalError(f"{response.origin} answered {response.status}, a redirect; redirects are not followed")
    raise TerminalError(text)


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110, section 10.2.3), between 0 and an hour, or None."""
    seconds = seconds_of(headers.get("retry-after", ""), datetime.now(UTC).timestamp() if now is None else now)
    return None if seconds is None else min(seconds, MAX_RETRY_AFTER)


def failure(error: Exception, origin: str, seconds: float) -> tuple[str, TransientError]:
    """Return an outcome for metrics and the error to raise for one of httpcore2; its own text is not shown."""
    from httpcore2 import ConnectError, ProxyError, TimeoutException

    tls = _tls_cause(error)
    if tls is not None:
        return "tls", TransientError(f"{origin}: the TLS handshake failed: {tls}")
    if isinstance(error, TimeoutException):
        return "timeout", timed_out(origin, seconds)
    if isinstance(error, ProxyError):
        return "proxy", TransientError(f"{origin}: the proxy refused the connection")
    if isinstance(error, ConnectError):
        return "connect", TransientError(f"{origin}: cannot connect{_os_cause(error)}")
    return "broken", TransientError(f"{origin}: the connection broke before there was an answer{_os_cause(error)}")


def timed_out(origin: str, seconds: float) -> TransientError:
    """Return the error for an exchange that did not end within `seconds`."""
    return TransientError(f"{origin}: no answer within {seconds:g} s")


def _tls_cause(error: BaseException) -> str | None:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate was not accepted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return str(cause.reason or "protocol error").lower().replace("_", " ")
    return None


def _os_cause(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror:
            known = cause.errno if cause.errno in errno.errorcode else None
            return f" ({(os.strerror(known) if known is not None else cause.strerror).lower()})"
    return ""


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 8:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
