"""The network guard: which addresses an integration may connect to, decided on the address itself.

Not a firewall: it guards what goes through `HttpClient`. A name is resolved here, each of its addresses is judged, and
the connection is made to a judged address, so that neither a redirect nor a second answer of the DNS gets around it.
"""

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import Final, TypeAlias

from msgspec import Struct

from reconciler.model.errors import NetworkRefused, TransientError

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address
Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host name, best first; raises OSError when there is none."""

_REFUSED: Final[dict[Network, str]] = {
    ip_network("169.254.0.0/16"): "link-local, where clouds serve credentials",
    ip_network("fe80::/10"): "link-local",
    ip_network("fd00:ec2::254/128"): "a cloud's metadata service",
    ip_network("fd20:ce::254/128"): "a cloud's metadata service",
    ip_network("100.100.100.200/32"): "a cloud's metadata service",
    ip_network("168.63.129.16/32"): "a cloud's metadata service",
    ip_network("192.0.0.192/32"): "a cloud's metadata service",
    ip_network("224.0.0.0/4"): "multicast",
    ip_network("ff00::/8"): "multicast",
    ip_network("255.255.255.255/32"): "broadcast",
}
_NAT64: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # RFC 6052 and RFC 8215
_TRANSLATED: Final = ip_network("::ffff:0:0:0/96")  # RFC 2765
_COMPATIBLE: Final = ip_network("::/96")


class NetworkPolicy(Struct, frozen=True):
    """`allow` opens what is closed by default, `deny` closes more; the most specific network decides, `deny` on a tie.

    Loopback and private ranges are open by default.
    """

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()

    def refusal(self, address: str) -> str | None:
        """Return why `address` (an IPv4 or IPv6 literal) may not be connected to, or None when it may."""
        for candidate in _meanings(ip_address(address)):
            reason = self._judge(candidate)
            if reason is not None:
                return reason
        return None

    def _judge(self, address: Address) -> str | None:
        rules: list[tuple[int, int, str | None]]
        rules = [(net.prefixlen, 2, "in a denied network") for net in self.deny if address in net]
        rules += [(net.prefixlen, 1, None) for net in self.allow if address in net]
        rules += [(net.prefixlen, 0, why) for net, why in _REFUSED.items() if address in net]
        return max(rules, key=lambda rule: rule[:2])[2] if rules else None


def _meanings(address: Address) -> list[Address]:
    """Return the address, and the IPv4 address that an IPv6 form of it stands for."""
    if isinstance(address, IPv4Address):
        return [IPv4Address("127.0.0.1")] if address.is_unspecified else [address]
    if address.is_unspecified:
        return [IPv6Address("::1"), IPv4Address("127.0.0.1")]
    return [address, *_inner(address)]


def _inner(address: IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses to which an IPv6 address may be translated on its way."""
    number = int(address)
    last = IPv4Address(number & 0xFFFFFFFF)
    known = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if known is not None:
        return [known]
    if address in _NAT64[1]:  # the prefix may be 96 bits long, or the 48 of the range, with 8 zeros in the middle
        split = IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF)
        return [split, last]
    if address in _NAT64[0] or address in _TRANSLATED or (address in _COMPATIBLE and number > 1):
        return [last]
    return []


def refuse_literal(policy: NetworkPolicy, host: str) -> None:
    """Raise NetworkRefused when `host` is itself an address that may not be connected to.

    For a destination behind a proxy, whose name the proxy resolves.
    """
    literal = host.strip("[]").removesuffix(".")
    with contextlib.suppress(OSError):
        # The old forms too: 2852039166 and 0xa9fea9fe are addresses to whoever connects.
        literal = str(IPv4Address(socket.inet_aton(literal)))
    with contextlib.suppress(ValueError):
        reason = policy.refusal(literal)
        if reason is not None:
            raise NetworkRefused(_message(host, literal, reason))


async def judged_addresses(policy: NetworkPolicy, resolver: Resolver, host: str, port: int) -> list[str]:
    """Return the addresses of `host` that may be connected to, at most four, in the resolver's order.

    Raises NetworkRefused when none of its addresses may, TransientError when it has none.
    """
    try:
        found = await resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise _nameless(host, error) from None
    return _usable(policy, host, found)


def open_socket(policy: NetworkPolicy, host: str, port: int, seconds: float) -> socket.socket:
    """Return a TCP connection to an allowed address of `host`, its timeout what is left of `seconds`; this blocks.

    Raises NetworkRefused when none of its addresses may be connected to, TransientError when there is no connection.
    """
    until = monotonic() + seconds
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_lookup(host, port)), name="reconcile-resolve", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise TransientError(f"{host}: the name was not resolved within {seconds:g} s") from None
    if isinstance(found, Exception):
        raise _nameless(host, found)
    reason = ""
    for address in _usable(policy, host, found):
        try:
            return socket.create_connection((address, port), timeout=max(0.01, until - monotonic()))
        except OSError as error:
            reason = _reason(error)
    raise TransientError(f"{host}:{port}: cannot connect ({reason})")


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system. In a daemon thread of its own, which a server that never answers cannot keep from exiting."""
    with contextlib.suppress(ValueError):
        return [str(ip_address(host.strip("[]")))]
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str] | Exception] = loop.create_future()

    def finish(answer: list[str] | Exception) -> None:
        if not future.done():
            future.set_result(answer)

    def work() -> None:
        answer = _lookup(host, port)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever asked
            loop.call_soon_threadsafe(finish, answer)

    threading.Thread(target=work, name="reconcile-resolve", daemon=True).start()
    found = await future
    if isinstance(found, Exception):
        raise found
    return found


def _lookup(host: str, port: int) -> list[str] | Exception:
    try:
        infos = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error
    return [str(info[4][0]) for info in infos]


def _usable(policy: NetworkPolicy, host: str, found: list[str]) -> list[str]:
    reasons = {address: policy.refusal(address) for address in found}
    usable = [address for address, reason in reasons.items() if reason is None]
    if usable:
        return usable[:4]
    for address, reason in reasons.items():
        raise NetworkRefused(_message(host, address, reason or ""))
    raise TransientError(f"{host}: the name has no address")


def _nameless(host: str, error: Exception) -> TransientError:
    return TransientError(f"{host}: the name has no address ({_reason(error)})")


def _message(host: str, address: str, reason: str) -> str:
    meanings = _meanings(ip_address(address))
    real = str(meanings[-1] if len(meanings) == 2 else meanings[0])
    where = host if host == real else f"{host} ({real})"
    return f"refused to connect to {where}: it is {reason}; --allow-network {real} would open it"


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()
