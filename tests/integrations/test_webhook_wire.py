"""webhook over TLS both ways and through a proxy, from the file to the wire."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from reconciler.model.event import Event
from reconciler.testing import Harness

EVENT = Event("build.finished", "/ci", id="1", data={"job": "web"})


class Recorder(ThreadingHTTPServer):
    """Answers 200 to every POST and keeps who asked for what."""

    daemon_threads = True

    def __init__(self, tls=None):
        self.seen = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                peer = self.connection.getpeercert() if tls is not None else None
                server.seen.append((self.path, peer, self.headers.get("proxy-authorization")))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.port = self.server_address[1]

    def handle_error(self, request, client_address):
        """A handshake that the client breaks off is part of a test."""


@pytest.fixture
def serve():
    running = []

    def start(tls=None):
        server = Recorder(tls)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def files(authority, tmp_path):
    """The authority's certificate and a client's own, as files."""
    own = authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "cert.pem").write_bytes(own.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(own.private_key_pem.bytes())
    return {f"{name}_file": str(tmp_path / f"{file}.pem") for name, file in (
        ("ca", "ca"), ("certificate", "cert"), ("key", "key")
    )}  # fmt: skip


@pytest.fixture
def mutual(authority, serve):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # so that a missing certificate fails in the handshake
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("localhost").configure_cert(context)
    return serve(context)


def deliver(settings, secret=""):
    """Deliver one event by a configuration with `settings`; return what the daemon says of its deliveries."""
    with Harness() as harness:
        (harness.secrets / "proxy").write_text(secret)
        document = {"integration": "webhook", "name": "a", "settings": settings, "events": [{"type": "**"}]}
        harness.write("a.yaml", document)
        harness.deliver(EVENT)
        status = harness.config("webhook/a")
        assert status.state == "active"
        return next(c for c in status.conditions if c.type == "Delivering")


def test_client_certificate_is_shown_and_the_servers_is_checked(mutual, files):
    said = deliver({"url": f"https://localhost:{mutual.port}/in", "tls": files})
    ((path, peer, _),) = mutual.seen
    assert (said.status, path) == ("True", "/in")
    assert ("DNS", "client.example") in peer["subjectAltName"]


def test_without_a_client_certificate_the_delivery_waits_for_its_next_attempt(mutual, files):
    said = deliver({"url": f"https://localhost:{mutual.port}", "tls": {"ca_file": files["ca_file"]}})
    assert (said.status, mutual.seen) == ("False", [])


def test_certificate_of_a_stranger_is_refused_unless_verify_is_off(mutual, files):
    own = {name: files[name] for name in ("certificate_file", "key_file")}
    settings = {"url": f"https://localhost:{mutual.port}", "tls": own}
    said = deliver(settings)
    assert (said.status, mutual.seen) == ("False", []) and "certificate" in said.message
    assert deliver({**settings, "verify": False}).status == "True"


def test_proxy_gets_the_request_with_its_password_from_a_secret(serve):
    proxy = serve()
    settings = {"url": "http://far.example/in", "proxy": {"secret": "file:proxy"}}
    said = deliver(settings, f"http://me:t0ps3cret@127.0.0.1:{proxy.port}")
    assert said.status == "True"
    assert proxy.seen == [("http://far.example/in", None, "Basic bWU6dDBwczNjcmV0")]


def test_proxy_without_a_password_may_stand_in_the_file(serve):
    proxy = serve()
    assert deliver({"url": "http://far.example/in", "proxy": f"http://127.0.0.1:{proxy.port}"}).status == "True"
    assert [path for path, *_ in proxy.seen] == ["http://far.example/in"]
