"""The one outbound HTTP client: deadlines, size limits, proxies, the network guard and redaction in one place.

Not a browser: it follows no redirect, keeps no cookie and decodes no compression. Integrations reach it as
`self.http`; the engine makes one and closes it in each lane.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from socket import socket
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec.structs import replace

from reconciler.model.errors import NetworkRefused, TerminalError, TransientError
from reconciler.model.secret import Secret
from reconciler.sdk.http_errors import failure, raise_for_delivery, retry_after, timed_out
from reconciler.sdk.http_pools import ClientCertificate, Pools, Way
from reconciler.sdk.http_request import USER_AGENT, Target, build_request, echoes, environment_proxy
from reconciler.sdk.http_response import HttpResponse
from reconciler.sdk.network import NetworkPolicy, Resolver, open_socket, refuse_literal, resolve

if TYPE_CHECKING:
    import httpcore2

__all__ = ["ClientCertificate", "HttpClient", "HttpResponse", "NetworkPolicy", "raise_for_delivery", "retry_after"]

Observe: TypeAlias = Callable[[str, str, float], None]
"""Called after each exchange with the host, the outcome (a status, or `timeout`, `tls`, `refused` …) and seconds."""
MAX_RESPONSE: Final = 1024 * 1024
"""How much of an answer's body is read, in bytes, where the caller does not say."""
_CLOSING: Final = 1.0
"""How long the end of an exchange may take, in seconds, once all that is wanted of it has been read."""


class HttpClient:
    """Makes requests for integrations. One object serves every thread and event loop; each loop has its own pools.

    `timeout` is the deadline of a whole exchange, in seconds; `resolver` asks the system where it is None.
    """

    def __init__(
        self,
        policy: NetworkPolicy | None = None,
        *,
        timeout: float = 10.0,
        observe: Observe | None = None,
        resolver: Resolver | None = None,
        trust_env: bool = True,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._policy = policy or NetworkPolicy()
        self._timeout = timeout
        self._observe = observe
        self._trust_env = trust_env
        self._user_agent = user_agent
        self._pools = Pools(self._policy, resolver or resolve)

    async def request(
        self,
        method: str,
        url: str | Secret,
        *,
        headers: Mapping[str, str | Secret] | None = None,
        json: Any = None,
        content: str | bytes | Secret | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the deadline belongs to the exchange, whoever awaits it
        client_certificate: ClientCertificate | None = None,
        proxy: str | Secret | None = None,
        verify: bool | str | None = None,
        max_response: int = MAX_RESPONSE,
    ) -> HttpResponse:
        """Make one exchange and return the answer, whatever its status.

        A `Secret` may stand for the address, for a header, for the body or anywhere in `json`; it is revealed on the
        wire alone. `verify` is False to accept any certificate, or the path of a PEM file to trust in place of the
        system's. The body is read up to `max_response` bytes.

        Raises TransientError when there is no answer, NetworkRefused when the guard forbids the address, and
        TerminalError for a request that cannot be made.
        """
        target = Target.of(url)
        core = build_request(method, target, {"user-agent": self._user_agent, **(headers or {})}, json, content)
        way = Way(True if verify is None else verify, client_certificate, self._proxy(proxy, target))
        seconds = self._timeout if timeout is None else timeout
        started, outcome = time.monotonic(), "error"
        try:
            if way.proxy is not None:
                refuse_literal(self._policy, target.host)
            response = await self._exchange(core, way, target.origin, seconds, max_response)
            response = replace(response, secrets=echoes((url, headers, json, content)))
            outcome = str(response.status)
        except TimeoutError:
            outcome = "timeout"
            raise timed_out(target.origin, seconds) from None
        except (NetworkRefused, TransientError) as error:
            outcome = "refused" if isinstance(error, NetworkRefused) else "connect"
            raise
        except _httpcore_errors() as error:
            outcome, steering = failure(error, target.origin, seconds)
            # Not chained: what lies beneath may hold the address with its credentials.
            raise steering from None
        else:
            return response
        finally:
            if self._observe is not None:
                self._observe(target.host, outcome, time.monotonic() - started)

    def open_socket(
        self,
        host: str,
        port: int,
        seconds: float,
        *,
        carries: Any = None,  # noqa: ARG002 - for a rehearsal's client
    ) -> socket:
        """Return a TCP connection for a protocol other than HTTP, from a thread that may wait up to `seconds`.

        `carries` is what is to be sent over it, as JSON without secrets: `reconcile test` and `trace` show it.
        Raises as `request` does: TransientError when there is no connection, NetworkRefused when the guard forbids it.
        """
        return open_socket(self._policy, host, port, seconds)

    async def aclose(self) -> None:
        """Close the running loop's connections; a later request opens new ones."""
        await self._pools.aclose()

    async def _exchange(
        self, core: "httpcore2.Request", way: Way, origin: str, seconds: float, limit: int
    ) -> HttpResponse:
        core.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        async with asyncio.timeout(seconds) as deadline:
            pool = await self._pools.pool(way)
            answer = await pool.handle_async_request(core)
        try:
            body, truncated = await _read(answer, limit, deadline.when())
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await answer.aclose()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        return HttpResponse(answer.status, MappingProxyType(headers), body, origin, truncated)

    def _proxy(self, given: str | Secret | None, target: "Target") -> str | None:
        if given is None and not (self._trust_env and (given := environment_proxy(target))):
            return None
        url = given.reveal() if isinstance(given, Secret) else str(given)
        if not url.lower().startswith(("http://", "https://")):
            raise TerminalError("a proxy's address begins with http:// or https://; other kinds are not supported")
        return url


async def _read(answer: "httpcore2.Response", limit: int, until: float | None) -> tuple[bytes, bool]:
    """Read at most `limit` bytes until `until` on the loop's clock; return them and whether more was to come.

    An answer that drips its body is over when its deadline is: its status has been heard. Not within the deadline that
    the head has, which would take what was heard with it where the loop comes late to both.
    """
    parts, size = [], 0
    try:
        async with asyncio.timeout_at(until):
            async for part in answer.aiter_stream():
                parts.append(part)
                size += len(part)
                if size > limit:
                    return b"".join(parts)[:limit], True
    except TimeoutError:
        return b"".join(parts), True
    return b"".join(parts), False


def _httpcore_errors() -> tuple[type[Exception], ...]:
    import httpcore2

    return (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, httpcore2.ProxyError,
            httpcore2.UnsupportedProtocol)  # fmt: skip
