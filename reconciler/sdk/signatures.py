"""How an inbound webhook proves who sent it: verifiers over the raw body, in constant time, that fail closed.

A verifier decides and remembers nothing; `RouteHook` calls it and keeps the replay window in a `Replays`. What a
refused sender is told never says why: the `Verdict` is for our own log.
"""

import base64
import binascii
import hashlib
import hmac
import threading
from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from reconciler.model.ports import Request
from reconciler.model.secret import Secret


class Verdict(StrEnum):
    """What became of a verification; only GENUINE lets a request in."""

    GENUINE = "genuine"
    NO_KEY = "no secret to verify with"
    MISSING = "a header of the signature is missing"
    MALFORMED = "a header of the signature is malformed"
    MISMATCH = "the signature does not match"
    STALE = "the timestamp is outside the tolerance"
    REPLAYED = "the same signed request was accepted before"
    FULL = "the replay window is full"
    ERROR = "the verifier failed"


class Verification(Struct, frozen=True):
    """A verdict, and what to remember against replays: `key` (None: nothing) until `until`, seconds since the epoch."""

    verdict: Verdict
    key: bytes | None = None
    until: float = 0.0


class Verifier(Protocol):
    """Decides whether a request is genuine; `now` is in seconds since the epoch. An exception refuses."""

    def verify(self, request: Request, now: float) -> Verification:
        """Return the verdict on `request`."""


class HmacVerifier:
    """An HMAC of the raw body in a header; the defaults are GitHub's `X-Hub-Signature-256: sha256=<hex>`.

    With `timestamp_header` (seconds since the epoch), `content` says what is signed, such as Slack's
    `v0:{timestamp}:{body}`, and a time further off than `tolerance` seconds is refused. The same signature is
    refused for `replay_window` seconds after it was accepted; 0 is for senders that repeat equal bodies on purpose.
    """

    def __init__(
        self,
        secret: Secret | None,
        header: str = "x-hub-signature-256",
        prefix: str = "sha256=",
        *,
        algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256",
        encoding: Literal["hex", "base64"] = "hex",
        timestamp_header: str | None = None,
        content: str = "{body}",
        tolerance: float = 300.0,
        replay_window: float = 300.0,
    ) -> None:
        self._secret = secret
        self._header, self._prefix = header.lower(), prefix
        self._algorithm, self._encoding = algorithm, encoding
        self._timestamp_header = timestamp_header.lower() if timestamp_header else None
        self._before, found, self._after = content.partition("{body}")
        if not found or ("{timestamp}" in content) != (timestamp_header is not None):
            raise ValueError("content holds {body}, and {timestamp} exactly when there is a timestamp_header")
        self._tolerance = tolerance
        self._replay_window = replay_window

    def verify(self, request: Request, now: float) -> Verification:
        """Compare the header with the HMAC of what was sent."""
        if not _usable(self._secret):
            return Verification(Verdict.NO_KEY)
        given = request.headers.get(self._header)
        if given is None:
            return Verification(Verdict.MISSING)
        timestamp = request.headers.get(self._timestamp_header or "", "")
        if self._timestamp_header is not None and (wrong := _wrong_time(timestamp, now, self._tolerance)) is not None:
            return Verification(wrong)
        expected = self._sign(timestamp, request.body)
        if not hmac.compare_digest(_raw(given.strip()), _raw(self._prefix + expected)):
            return Verification(Verdict.MISMATCH)
        if self._replay_window <= 0:
            return Verification(Verdict.GENUINE)
        until = max(now + self._replay_window, int(timestamp or 0) + self._tolerance)
        return Verification(Verdict.GENUINE, expected.encode(), until)

    def _sign(self, timestamp: str, body: bytes) -> str:
        assert self._secret is not None
        before, after = (part.replace("{timestamp}", timestamp).encode() for part in (self._before, self._after))
        digest = hmac.new(self._secret.reveal().encode(), before + body + after, self._algorithm).digest()
        return digest.hex() if self._encoding == "hex" else base64.b64encode(digest).decode()


class StandardWebhooksVerifier:
    """https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp` and any number of `webhook-signature`s.

    The secret is `whsec_` and base64. A time further off than `tolerance` seconds is refused, and so is a signed
    request (an id with its timestamp) that was accepted before. The sender's own retry of an id carries a new
    timestamp and is let in: use the id as that of the event, and the queue tells the two apart.
    """

    def __init__(self, secret: Secret | None, *, tolerance: float = 300.0) -> None:
        self._secret = secret
        self._tolerance = tolerance

    def verify(self, request: Request, now: float) -> Verification:
        """Compare each `v1` signature with the HMAC of `id.timestamp.body`."""
        key = _webhook_key(self._secret)
        if key is None:
            return Verification(Verdict.NO_KEY)
        headers = request.headers
        message, timestamp, given = (headers.get(f"webhook-{name}") for name in ("id", "timestamp", "signature"))
        if not message or not timestamp or not given:
            return Verification(Verdict.MISSING)
        if (wrong := _wrong_time(timestamp, now, self._tolerance)) is not None:
            return Verification(wrong)
        signed = _raw(f"{message}.{timestamp}")
        expected = base64.b64encode(hmac.digest(key, signed + b"." + request.body, "sha256"))
        if not _any_equal(given, expected):
            return Verification(Verdict.MISMATCH)
        return Verification(Verdict.GENUINE, hashlib.sha256(signed).digest(), int(timestamp) + self._tolerance)


class TokenVerifier:
    """A shared token in a header, such as GitLab's `X-Gitlab-Token`, or `Authorization` with the prefix `Bearer `."""

    def __init__(self, secret: Secret | None, header: str = "authorization", prefix: str = "") -> None:
        self._secret = secret
        self._header, self._prefix = header.lower(), prefix

    def verify(self, request: Request, now: float) -> Verification:  # noqa: ARG002 — a token has no time
        """Compare the header with the token."""
        if self._secret is None or not _usable(self._secret):
            return Verification(Verdict.NO_KEY)
        given = request.headers.get(self._header)
        if given is None:
            return Verification(Verdict.MISSING)
        # Digests are compared, so that not even the length of the token shows in the time taken.
        found, expected = (
            hashlib.sha256(t).digest() for t in (_raw(given), (self._prefix + self._secret.reveal()).encode())
        )
        return Verification(Verdict.GENUINE if hmac.compare_digest(found, expected) else Verdict.MISMATCH)


class Unsigned:
    """Lets every request in: for senders that cannot sign, said out loud by `unsigned()`."""

    def verify(self, request: Request, now: float) -> Verification:  # noqa: ARG002 — nothing is asked
        """Return GENUINE."""
        return Verification(Verdict.GENUINE)


def unsigned() -> Unsigned:
    """Return the verifier that verifies nothing."""
    return Unsigned()


BUILT_IN = frozenset({HmacVerifier, StandardWebhooksVerifier, TokenVerifier, Unsigned})
"""The verifiers of this module: they compute and never wait."""


class Replays:
    """The signed requests accepted lately, in bounded memory; may be used from any thread."""

    def __init__(self, limit: int = 50_000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._until: dict[bytes, float] = {}

    def claim(self, key: bytes, until: float, now: float) -> Verdict:
        """Remember `key` until `until`: GENUINE, or REPLAYED when it is known, FULL when there is no room for it."""
        with self._lock:
            if self._until.get(key, now) > now:
                return Verdict.REPLAYED
            if len(self._until) >= self._limit:
                self._until = {k: u for k, u in self._until.items() if u > now}
            if len(self._until) >= self._limit:
                return Verdict.FULL
            self._until[key] = until
            return Verdict.GENUINE

    def forget(self, key: bytes) -> None:
        """Let `key` in again: handling it failed, and the sender may try again."""
        with self._lock:
            self._until.pop(key, None)

    def __len__(self) -> int:
        return len(self._until)


def _usable(secret: Secret | None) -> bool:
    return secret is not None and len(secret) > 0


def _webhook_key(secret: Secret | None) -> bytes | None:
    if secret is None:
        return None
    try:
        return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _any_equal(given: str, expected: bytes) -> bool:
    """Whether one of the space-separated `v1,<base64>` matches; all are compared, whichever does."""
    found = False
    for part in given.split(" "):
        version, _, signature = part.partition(",")
        found |= version == "v1" and hmac.compare_digest(_raw(signature), expected)
    return found


def _wrong_time(text: str, now: float, tolerance: float) -> Verdict | None:
    """Return why `text`, seconds since the epoch, does not count as now, or None when it does."""
    if not text:
        return Verdict.MISSING
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        return Verdict.MALFORMED
    return Verdict.STALE if abs(now - int(text)) > tolerance else None


def _raw(text: str) -> bytes:
    """Return a header's value as the bytes that were sent: HTTP servers decode them as Latin-1."""
    return text.encode("latin-1", "backslashreplace")
