"""TLS both ways, and proxies."""

import socket
import ssl

import pytest
import trustme

from reconciler.model.errors import NetworkRefused, TransientError
from reconciler.model.secret import Secret
from reconciler.sdk.http import ClientCertificate, HttpClient


def test_trusted_certificate_is_accepted(serve, scripts, ask, server_tls, ca_file):
    wire = serve(scripts.answering(), server_tls)

    assert ask(HttpClient(), "GET", wire.url, verify=ca_file).status == 200


def test_untrusted_certificate_is_transient_and_said(serve, scripts, ask, server_tls):
    wire = serve(scripts.answering(), server_tls)

    with pytest.raises(TransientError, match="the certificate was not accepted"):
        ask(HttpClient(), "GET", wire.url)


def test_certificate_of_another_name_is_not_accepted(serve, scripts, ask, server_tls, ca_file):
    wire = serve(scripts.answering(), server_tls)

    with pytest.raises(TransientError, match="the certificate was not accepted"):
        ask(HttpClient(), "GET", wire.url.replace("localhost", "127.0.0.1"), verify=ca_file)


def test_verification_can_be_switched_off(serve, scripts, ask, server_tls):
    wire = serve(scripts.answering(), server_tls)

    assert ask(HttpClient(), "GET", wire.url, verify=False).status == 200


def test_plain_server_behind_https_is_transient(serve, scripts, ask):
    wire = serve(scripts.answering())

    with pytest.raises(TransientError, match="the TLS handshake failed"):
        ask(HttpClient(), "GET", wire.url.replace("http:", "https:"))


def test_missing_certificate_file_is_transient_and_named(ask):
    with pytest.raises(TransientError, match=r"/nowhere/ca\.pem cannot be used"):
        ask(HttpClient(), "GET", "https://127.0.0.1:9", verify="/nowhere/ca.pem")


@pytest.fixture
def mutual_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # so that a missing certificate fails in the handshake
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_client_certificate_is_shown(serve, scripts, ask, mutual_tls, authority, ca_file, tmp_path):
    own = authority.issue_cert("client.example")
    (tmp_path / "cert.pem").write_bytes(own.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(own.private_key_pem.bytes())
    certificate = ClientCertificate(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    wire = serve(scripts.answering(), mutual_tls)

    assert ask(HttpClient(), "GET", wire.url, verify=ca_file, client_certificate=certificate).status == 200
    with pytest.raises(TransientError):
        ask(HttpClient(), "GET", wire.url, verify=ca_file)


def test_http_goes_through_a_given_proxy(serve, scripts, ask):
    proxy = serve(scripts.answering(202))

    response = ask(
        HttpClient(), "GET", "http://far.example/x", proxy=Secret(proxy.url.replace("://", "://me:t0ps3cret@"))
    )

    assert response.status == 202
    assert proxy.requests[0].startswith(b"GET http://far.example/x HTTP/1.1")
    assert b"proxy-authorization: Basic bWU6dDBwczNjcmV0" in proxy.requests[0].replace(b"Proxy-Auth", b"proxy-auth")


def test_https_goes_through_a_tunnel(serve, scripts, ask, server_tls, ca_file):
    wire = serve(scripts.answering(), server_tls)

    def tunnel(connection: socket.socket, request: bytes) -> None:
        host, port = request.split()[1].decode().split(":")
        with socket.create_connection((host, int(port)), timeout=5) as onward:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            _pump(connection, onward)

    proxy = serve(tunnel)

    assert ask(HttpClient(), "GET", wire.url, verify=ca_file, proxy=proxy.url).status == 200
    assert proxy.requests[0].startswith(b"CONNECT localhost:")


def _pump(one: socket.socket, other: socket.socket) -> None:
    import select

    while True:
        ready, _, _ = select.select([one, other], [], [], 5)
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (other if source is one else one).sendall(data)


def test_proxy_of_the_environment_is_used_and_no_proxy_honoured(serve, scripts, ask, monkeypatch):
    proxy, direct = serve(scripts.answering(202)), serve(scripts.answering(200))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "localhost")

    assert ask(HttpClient(), "GET", "http://far.example/").status == 202
    assert ask(HttpClient(), "GET", direct.url).status == 200
    with pytest.raises(TransientError):
        ask(HttpClient(trust_env=False, timeout=1), "GET", "http://far.invalid/")


def test_guard_judges_the_proxy(ask):
    with pytest.raises(NetworkRefused, match=r"169\.254\.1\.1"):
        ask(HttpClient(), "GET", "http://far.example/", proxy="http://169.254.1.1:3128")


@pytest.mark.parametrize("host", ["169.254.169.254.", "169.254.169.254", "2852039166", "[::ffff:169.254.169.254]"])
def test_guard_judges_a_literal_address_behind_a_proxy(serve, scripts, ask, host):
    proxy = serve(scripts.answering())

    with pytest.raises(NetworkRefused):
        ask(HttpClient(), "GET", f"http://{host}/", proxy=proxy.url)
    assert proxy.requests == []
