"""How connections are made: httpcore2's network backend with the guard in front. Imported when the first one is.

Not a client; `reconciler.sdk.http_pools` gives it to each connection pool.
"""

from collections.abc import Iterable
from time import monotonic
from typing import Any

from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout

from reconciler.model.errors import NetworkRefused
from reconciler.sdk.network import NetworkPolicy, Resolver, judged_addresses


class GuardedBackend(AsyncNetworkBackend):
    """Connects to an address that the policy allows, never to a name."""

    def __init__(self, policy: NetworkPolicy, resolver: Resolver) -> None:
        self._policy, self._resolver = policy, resolver
        self._inner = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Try the allowed addresses of `host` in turn, all within `timeout` seconds."""
        addresses = await judged_addresses(self._policy, self._resolver, host, port)
        until = None if timeout is None else monotonic() + timeout
        failure: Exception = ConnectError("no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            share = None if until is None else max(0.001, (until - monotonic()) / left)
            try:
                return await self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, path: str, *_args: Any, **_kwargs: Any) -> AsyncNetworkStream:
        """Refuse: integrations have no business there."""
        raise NetworkRefused(f"refused to connect to the Unix socket {path}")

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await self._inner.sleep(seconds)
