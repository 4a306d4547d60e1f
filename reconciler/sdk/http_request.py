"""From what an integration asks for to the bytes of a request: addresses, headers, bodies, and the secrets in them.

Pure but for `environment_proxy`. Called by `HttpClient` alone.
"""

import base64
import json as jsonlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from msgspec import Struct

from reconciler._version import __version__
from reconciler.model.errors import TerminalError
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    import httpcore2

USER_AGENT: Final = f"reconcile/{__version__}"
_METHOD: Final = re.compile(r"[A-Z]{1,20}\Z")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}\Z")
_HEADER_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*\Z")  # a long range would take 2 ms to compile
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}\Z|[0-9A-Fa-f:.]{2,45}\Z")
_OURS: Final = frozenset({
    "connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"
})  # fmt: skip
_TELLING: Final = 6
"""A part of a secret that is at least this long is masked where an answer echoes it."""


class Target(Struct, frozen=True):
    """A destination: `origin` and `host` may be shown, `url` may not."""

    url: Any
    origin: str
    host: str

    @classmethod
    def of(cls, url: str | Secret) -> "Target":
        """Read an address; raises TerminalError, without showing it, when it is not an absolute http or https URL."""
        import httpx2

        text = url.reveal() if isinstance(url, Secret) else url
        try:
            parsed = httpx2.URL(text)
        except (httpx2.InvalidURL, TypeError, ValueError):
            raise TerminalError("the address is not a valid URL") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise TerminalError("the address must be an absolute http or https URL")
        if not _HOST.match(parsed.raw_host.decode("ascii", "replace")):
            raise TerminalError("the address is not a valid URL")
        port = f":{parsed.port}" if parsed.port is not None else ""
        host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
        return cls(parsed, f"{parsed.scheme}://{host}{port}", parsed.host)


def build_request(
    method: str, target: Target, headers: Mapping[str, str | Secret], json: Any, content: str | bytes | Secret | None
) -> "httpcore2.Request":
    """Return the request as it goes on the wire, secrets revealed; raises TerminalError when it cannot be made."""
    import httpcore2

    if not _METHOD.match(method):
        raise TerminalError(f"{method!r} is not an HTTP method")
    body = _body(json, content)
    lines = {b"accept": b"*/*", b"accept-encoding": b"identity"}
    if json is not None:
        lines[b"content-type"] = b"application/json"
    lines.update(_header(name, value) for name, value in headers.items())
    lines[b"host"] = target.url.netloc
    if body is not None or method not in ("GET", "HEAD", "DELETE"):
        lines[b"content-length"] = str(len(body or b"")).encode()
    if target.url.userinfo and b"authorization" not in lines:
        lines[b"authorization"] = _basic(target.url)
    url = httpcore2.URL(
        scheme=target.url.raw_scheme, host=target.url.raw_host, port=target.url.port, target=target.url.raw_path
    )
    return httpcore2.Request(method, url, headers=list(lines.items()), content=body or b"", extensions={})


def _header(name: str, value: str | Secret) -> tuple[bytes, bytes]:
    text = value.reveal() if isinstance(value, Secret) else value
    if not _HEADER_NAME.match(name):
        raise TerminalError(f"{name!r} is not the name of a header")
    if name.lower() in _OURS:
        raise TerminalError(f"the header {name} is set by the client: leave it out")
    if not _HEADER_VALUE.match(text):
        raise TerminalError(f"the header {name} holds a control character, such as a line break")
    return name.lower().encode(), text.strip().encode()


def _body(json: Any, content: str | bytes | Secret | None) -> bytes | None:
    if json is not None:
        try:
            return jsonlib.dumps(json, ensure_ascii=False, allow_nan=False, default=_revealed).encode()
        except (TypeError, ValueError, RecursionError):
            raise TerminalError("the body cannot be written as JSON") from None
    if isinstance(content, Secret):
        content = content.reveal()
    return content.encode() if isinstance(content, str) else content


def _revealed(value: object) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def _basic(url: Any) -> bytes:
    return b"Basic " + base64.b64encode(f"{url.username}:{url.password}".encode())


def environment_proxy(target: Target) -> str | None:
    """Return what `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say for this destination."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    found = proxies.get(target.url.scheme) or proxies.get("all")
    if not found or proxy_bypass(target.origin.partition("://")[2]):
        return None
    return found if "://" in found else f"http://{found}"


def echoes(values: Iterable[object]) -> tuple[Secret, ...]:
    """Return what an answer must not be quoted with: the secrets in `values` and their telling parts, longest first."""
    texts: set[str] = set()
    pending = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value, Secret):
            texts.update(_written(value.reveal()))
        elif isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            pending.extend(value)
    return tuple(Secret(text) for text in sorted(texts, key=len, reverse=True) if len(text) >= _TELLING)


def _written(text: str) -> Iterator[str]:
    """Yield a secret, its parts, and their other spellings: the header of an address, escapes in a URL or JSON."""
    parts = [text, *re.split(r"[/?&=\s:@]+", text)]
    userinfo = text.partition("://")[2].partition("/")[0].rpartition("@")[0]
    if userinfo:
        user, _, password = userinfo.partition(":")
        decoded = unquote(user), unquote(password)
        parts += [*decoded, base64.b64encode(":".join(decoded).encode()).decode()]
    for part in parts:
        escaped = jsonlib.dumps(part)[1:-1]
        yield from (part, quote(part, safe=""), quote(part), escaped, escaped.replace("/", "\\/"))
        yield jsonlib.dumps(part, ensure_ascii=False)[1:-1]
