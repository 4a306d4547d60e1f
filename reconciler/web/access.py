"""Who may do what: the host and origin of a request, and its token. A pure decision, and the middleware that asks it.

Probes answer everyone; `/hooks/…` have proofs of their own. On a loopback address reading and `POST /events` are
open to the machine, and only what changes something needs the token; on any other address everything needs it.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.web.answers import ApiError
from reconciler.web.options import WebOptions, is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PROBES = frozenset({"/livez", "/readyz"})
HOOKS = "/hooks/"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_NONE_CONFIGURED = (
    "this needs a token, and none is configured: "
    "ask over the Unix socket in the state directory, or start the daemon with --token-file"
)


class Access:
    """Decides for one listener; the token is kept as a hash."""

    def __init__(self, options: WebOptions) -> None:
        host = options.host or ""
        self._trusted = options.trusted
        self._loopback = is_loopback(host)
        self._allowed = {name.lower().strip("[]") for name in (*options.allowed_hosts, "localhost", "127.0.0.1", "::1")}
        # A wildcard address has no name of its own, and every request there carries the token, which a page that
        # rebinds a name cannot know; so without --allowed-host any name will do.
        self._any_host = "*" in self._allowed or (_is_wildcard(host) and not options.allowed_hosts)
        if host and not _is_wildcard(host):
            self._allowed.add(host.lower())
        self._token = _hashed(options.token.reveal()) if options.token is not None and len(options.token) else None

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> ApiError | None:
        """Return why a request may not be served, or None when it may."""
        if self._trusted or path in PROBES:
            return None
        hook = path.startswith(HOOKS)
        host = headers.get("host", "")
        if not hook and not self._knows(host):
            return ApiError(
                403,
                "host_not_allowed",
                f"the host {host[:80]!r} is not served here: name it with --allowed-host",
            )
        if method not in _READING and self._is_foreign(headers.get("origin"), host):
            return ApiError(403, "foreign_origin", "a page of another origin may not do this")
        authorization = headers.get("authorization", "")
        if hook or self._is_open(method, path) or self._has_token(authorization):
            return None
        headers_out = {"www-authenticate": 'Bearer realm="reconcile"'}
        return ApiError(401, "unauthorized", self._what_is_missing(authorization), headers_out)

    def _is_open(self, method: str, path: str) -> bool:
        return self._loopback and (method in _READING or (method == "POST" and path == "/events"))

    def _has_token(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        # Hashes are compared, so that the time taken says nothing of the token, its length included.
        equal = hmac.compare_digest(_hashed(given.strip()), self._token or b"")
        return equal and scheme.lower() == "bearer"

    def _what_is_missing(self, authorization: str) -> str:
        """Say why the token will not do: it is not to be had, not the right one, or not given."""
        if self._token is None:
            return _NONE_CONFIGURED
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer" and given.strip():
            return "this token is not the one that is configured: send that of the daemon's --token-file"
        return "this needs a token: send it as Authorization: Bearer"

    def _knows(self, host: str) -> bool:
        if self._any_host:
            return True
        name = _name_of(host)
        return name in self._allowed or (self._loopback and is_loopback(name))

    def _is_foreign(self, origin: str | None, host: str) -> bool:
        """Whether a browser sent this from a page that is not ours; others send no Origin."""
        if origin is None:
            return False
        try:
            parts = urlsplit(origin)
        except ValueError:
            return True
        netloc = parts.netloc.lower()
        return not netloc or (netloc != host.lower() and (parts.hostname or "") not in self._named())

    def _named(self) -> set[str]:
        return self._allowed - {"localhost", "127.0.0.1", "::1", "*"}


class Guard:
    """The middleware: answers with the refusal, or passes on."""

    def __init__(self, app: "ASGIApp", access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request."""
        if scope["type"] == "http":
            refusal = self._access.refusal(scope["method"], scope["path"], _headers(scope))
            if refusal is not None:
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _headers(scope: "Scope") -> dict[str, str]:
    """Return a request's headers, the names in lower case; of one that comes twice, the first counts."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("latin-1", "backslashreplace")).digest()


def _name_of(host: str) -> str:
    """Return the name in a Host header: without port, brackets and the dot of a full name."""
    if host.startswith("["):
        name, closed, _ = host[1:].partition("]")
        return name.lower() if closed else ""
    name = host.partition(":")[0]
    return name.lower().removesuffix(".")


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
