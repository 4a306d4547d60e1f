"""Connection pools: one for each event loop, proxy and set of certificates. `HttpClient` alone calls it.

A connection belongs to the loop that opened it, and each integration's lane has a loop of its own; certificates are
read again when their files change.
"""

import asyncio
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.errors import TransientError
from reconciler.sdk.network import NetworkPolicy, Resolver

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool

_MAX_POOLS: Final = 32
_MAX_CONNECTIONS: Final = 100
_KEPT: Final = 20
_KEEPALIVE: Final = 5.0


class ClientCertificate(Struct, frozen=True):
    """A certificate to show for mutual TLS: absolute paths of PEM files; the key may stand in the first."""

    certificate_file: str
    key_file: str | None = None


class Way(Struct, frozen=True):
    """What makes connections different from each other; `proxy` is a URL with its credentials revealed, or None."""

    verify: bool | str = True
    certificate: ClientCertificate | None = None
    proxy: str | None = None

    def __repr__(self) -> str:
        return "Way()"  # the proxy's address may hold a password


class Pools:
    """Makes pools when they are needed, at most 32 for each loop, the oldest going first."""

    def __init__(self, policy: NetworkPolicy, resolver: Resolver) -> None:
        self._policy, self._resolver = policy, resolver
        self._lock = threading.Lock()
        self._pools: dict[asyncio.AbstractEventLoop, dict[object, AsyncConnectionPool]] = {}
        self._contexts: dict[object, ssl.SSLContext] = {}

    async def pool(self, way: Way) -> "AsyncConnectionPool":
        """Return the running loop's pool for `way`; raises TransientError when a certificate cannot be used."""
        key = (way, _stamp(way))
        with self._lock:
            pools = self._pools.get(asyncio.get_running_loop())
            if pools is None:
                self._drop_closed_loops()
                pools = self._pools[asyncio.get_running_loop()] = {}
            pool = pools.get(key)
            spare = None
            if pool is None:
                pool = pools[key] = self._make(way, key)
                spare = _unused(pools) if len(pools) > _MAX_POOLS else None
        if spare is not None:
            await spare.aclose()
        return pool

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        with self._lock:
            pools = self._pools.pop(asyncio.get_running_loop(), {})
        for pool in pools.values():
            await pool.aclose()

    def _drop_closed_loops(self) -> None:
        """Forget the pools of loops that have ended: a pool refers to its loop, so neither would be collected."""
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]

    def _make(self, way: Way, key: object) -> "AsyncConnectionPool":
        from httpcore2 import AsyncConnectionPool, AsyncHTTPProxy

        from reconciler.sdk.http_backend import GuardedBackend

        backend = GuardedBackend(self._policy, self._resolver)
        context = self._context(way, key)
        if way.proxy is None:
            return AsyncConnectionPool(
                ssl_context=context,
                max_connections=_MAX_CONNECTIONS,
                max_keepalive_connections=_KEPT,
                keepalive_expiry=_KEEPALIVE,
                network_backend=backend,
            )
        address, credentials = _proxy_parts(way.proxy)
        return AsyncHTTPProxy(
            proxy_url=address,
            proxy_auth=credentials,
            ssl_context=context,
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_KEEPALIVE,
            network_backend=backend,
        )

    def _context(self, way: Way, key: object) -> ssl.SSLContext:
        """Return the TLS context of `way`: reading the system's certificates takes milliseconds, so it is kept."""
        kept = self._contexts.get(key)
        if kept is None:
            if len(self._contexts) >= _MAX_POOLS:
                self._contexts.clear()
            kept = self._contexts[key] = _tls(way)
        return kept


def _unused(pools: "dict[object, AsyncConnectionPool]") -> "AsyncConnectionPool | None":
    """Take out the oldest pool that has no request under way; the newest is about to be used."""
    for key, pool in list(pools.items())[:-1]:
        if all(connection.is_idle() or connection.is_closed() for connection in pool.connections):
            return pools.pop(key)
    return None


def _tls(way: Way) -> ssl.SSLContext:
    import httpx2

    try:
        if isinstance(way.verify, str):
            context = ssl.create_default_context(cafile=way.verify)
        else:
            context = httpx2.create_ssl_context(verify=way.verify)
        if way.certificate is not None:
            # A password callback, since OpenSSL would otherwise ask for one on the terminal and wait.
            context.load_cert_chain(way.certificate.certificate_file, way.certificate.key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        files = [way.verify if isinstance(way.verify, str) else None]
        files += [way.certificate.certificate_file, way.certificate.key_file] if way.certificate else []
        named = ", ".join(file for file in files if file)
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        raise TransientError(f"the certificates in {named} cannot be used: {str(reason).lower()}") from None
    return context


def _stamp(way: Way) -> tuple[int, ...]:
    """Return when the files of `way` last changed; 0 for one that is not there."""
    files = [way.verify if isinstance(way.verify, str) else None]
    files += [way.certificate.certificate_file, way.certificate.key_file] if way.certificate else []
    stamps = []
    for file in files:
        if file is not None:
            try:
                stamps.append(Path(file).stat().st_mtime_ns)
            except OSError:
                stamps.append(0)
    return tuple(stamps)


def _proxy_parts(proxy: str) -> tuple[str, tuple[bytes, bytes] | None]:
    """Split the credentials off a proxy's address."""
    import httpx2

    url = httpx2.URL(proxy)
    credentials = (url.username.encode(), url.password.encode()) if url.userinfo else None
    return str(url.copy_with(username=None, password=None) if credentials else url), credentials
