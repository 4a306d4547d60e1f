"""The network guard: judged on the address connected to."""

from ipaddress import ip_network

import pytest

from reconciler.model.errors import NetworkRefused, TerminalError, TransientError
from reconciler.sdk.http import HttpClient, NetworkPolicy
from reconciler.sdk.network import open_socket


def resolver_of(*answers):
    """Return a resolver that gives one answer after the other, the last for ever."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def policy(*, allow: str = "", deny: str = "") -> NetworkPolicy:
    return NetworkPolicy(tuple(map(ip_network, allow.split())), tuple(map(ip_network, deny.split())))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("169.254.169.254", id="cloud metadata"),
        pytest.param("fe80::1", id="link-local of IPv6"),
        pytest.param("fd00:ec2::254", id="cloud metadata over IPv6"),
        pytest.param("::ffff:169.254.169.254", id="mapped into IPv6"),
        pytest.param("64:ff9b::a9fe:a9fe", id="through NAT64"),
        pytest.param("64:ff9b:1::a9fe:a9fe", id="through a local NAT64"),
        pytest.param("64:ff9b:1:a9fe:a9:fe00::", id="through a local NAT64 of 48 bits"),
        pytest.param("::ffff:0:169.254.169.254", id="translated"),
        pytest.param("2001:0:c000:201:0:0:5601:5601", id="through Teredo"),
        pytest.param("2002:a9fe:a9fe::1", id="through 6to4"),
        pytest.param("::169.254.169.254", id="IPv4-compatible"),
        pytest.param("100.100.100.200", id="another cloud's metadata"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("255.255.255.255", id="broadcast"),
    ],
)
def test_address_is_refused_by_default(address):
    assert policy().refusal(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "93.184.216.34", "2606:2800::1"])
def test_address_is_open_by_default(address):
    assert policy().refusal(address) is None


@pytest.mark.parametrize(
    ("rules", "address", "refused"),
    [
        pytest.param({"allow": "169.254.169.254/32"}, "169.254.169.254", False, id="opened"),
        pytest.param({"allow": "169.254.169.254/32"}, "169.254.169.253", True, id="its neighbour is not"),
        pytest.param({"allow": "169.254.0.0/16"}, "::ffff:169.254.169.254", False, id="opened in its mapped form too"),
        pytest.param({"deny": "10.0.0.0/8"}, "10.1.2.3", True, id="closed"),
        pytest.param({"deny": "10.0.0.0/8"}, "::ffff:10.1.2.3", True, id="closed in its mapped form too"),
        pytest.param({"deny": "10.0.0.0/8", "allow": "10.1.0.0/16"}, "10.1.2.3", False, id="the more specific opens"),
        pytest.param({"deny": "10.1.0.0/16", "allow": "10.0.0.0/8"}, "10.1.2.3", True, id="the more specific closes"),
        pytest.param({"deny": "10.0.0.0/8", "allow": "10.0.0.0/8"}, "10.1.2.3", True, id="closed on a tie"),
        pytest.param({"deny": "127.0.0.0/8"}, "0.0.0.0", True, id="0.0.0.0 is loopback"),
        pytest.param({"deny": "127.0.0.0/8"}, "::", True, id=":: is loopback"),
    ],
)
def test_most_specific_rule_decides(rules, address, refused):
    assert bool(policy(**rules).refusal(address)) is refused


def test_literal_metadata_address_is_refused(ask):
    with pytest.raises(
        NetworkRefused, match=r"169\.254\.169\.254: it is link-local.*--allow-network 169\.254\.169\.254"
    ):
        ask(HttpClient(), "GET", "http://169.254.169.254/latest/meta-data?token=t0ps3cret")


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376"])
def test_metadata_address_in_disguise_is_refused(ask, host):
    with pytest.raises((NetworkRefused, TerminalError)):
        ask(HttpClient(), "GET", f"http://{host}/")


def test_name_that_leads_to_metadata_is_refused(ask):
    client = HttpClient(resolver=resolver_of(["169.254.169.254"]))

    with pytest.raises(NetworkRefused, match=r"innocent\.example \(169\.254\.169\.254\)"):
        ask(client, "GET", "http://innocent.example/")


def test_allowed_address_among_refused_ones_is_used(serve, scripts, ask):
    wire = serve(scripts.answering())
    client = HttpClient(resolver=resolver_of(["169.254.169.254", "127.0.0.1"]))

    assert ask(client, "GET", f"http://mixed.example:{wire.port}/").status == 200


def test_changed_answer_of_the_dns_is_judged_again(serve, scripts, ask):
    wire = serve(scripts.answering())
    client = HttpClient(resolver=resolver_of(["127.0.0.1"], ["169.254.169.254"]))

    assert ask(client, "GET", f"http://rebinding.example:{wire.port}/").status == 200
    with pytest.raises(NetworkRefused):
        ask(client, "GET", f"http://rebinding.example:{wire.port}/")


def test_name_is_resolved_once_and_that_address_connected_to(serve, scripts, ask):
    asked = []

    async def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    wire = serve(scripts.answering())

    assert ask(HttpClient(resolver=resolver), "GET", f"http://once.example:{wire.port}/").status == 200
    assert asked == ["once.example"]


def test_next_address_is_tried_when_one_does_not_answer(serve, scripts, ask):
    wire = serve(scripts.answering())
    client = HttpClient(resolver=resolver_of(["127.0.0.2", "127.0.0.1"]))

    assert ask(client, "GET", f"http://two.example:{wire.port}/").status == 200


def test_unknown_name_is_transient(ask):
    async def resolver(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(TransientError, match=r"gone\.example: the name has no address"):
        ask(HttpClient(resolver=resolver), "GET", "http://gone.example/")


def test_resolver_that_never_answers_ends_at_the_deadline(ask):
    async def resolver(_host: str, _port: int) -> list[str]:
        import asyncio

        await asyncio.Event().wait()
        return []

    with pytest.raises(TransientError, match="no answer within"):
        ask(HttpClient(resolver=resolver, timeout=0.1), "GET", "http://slow.example/")


def test_denied_loopback_is_refused_to_sockets_too(serve, scripts):
    wire = serve(scripts.answering())

    with pytest.raises(NetworkRefused, match="in a denied network"):
        open_socket(policy(deny="127.0.0.0/8 ::1/128"), "localhost", wire.port, 5)


def test_open_socket_connects(serve, scripts):
    wire = serve(scripts.answering())

    with open_socket(policy(), "localhost", wire.port, 5) as connection:
        assert connection.getpeername()[1] == wire.port
