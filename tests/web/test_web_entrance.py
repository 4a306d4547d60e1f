"""What is answered before the application is loaded, and how it is loaded."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.web.options import WebOptions
from reconciler.web.server import WebServer

APP = "reconciler.web.app"


class Gate:
    """A finder that lets nobody import the application until it is opened; then the usual ones are asked."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def find_spec(self, name, path=None, target=None):
        if name == APP:
            self.reached.set()
            assert self.opened.wait(30)


@pytest.fixture
def unloaded(monkeypatch):
    """Forget the application's module, as if nothing had imported it yet."""
    monkeypatch.delitem(sys.modules, APP, raising=False)


@pytest.fixture
def gate(unloaded, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(sys, "meta_path", [gate, *sys.meta_path])
    yield gate
    gate.opened.set()


@pytest.fixture
def server(engine):
    server = WebServer(engine, WebOptions(port=0))
    server.start()
    yield server
    server.stop(2)


def wait_for(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probe_is_answered_while_the_application_is_loaded(serve, gate, path):
    client = serve()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.get, "/api/v1/status")
        assert gate.reached.wait(20)
        assert client.get(path).status_code == 200
        assert not waiting.done()
        gate.opened.set()
        assert waiting.result(20).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probe_is_answered_where_the_application_cannot_be_loaded(serve, monkeypatch, path):
    monkeypatch.setitem(sys.modules, APP, None)
    assert serve().get(path).status_code == 200


def test_application_that_cannot_be_loaded_is_tried_again(serve, monkeypatch, caplog):
    client = serve()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, APP, None)
        answer = client.get("/api/v1/status")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "GET /api/v1/status failed" in caplog.text
    assert client.get("/api/v1/status").status_code == 200


def test_loading_needs_no_request(server, unloaded):
    server.load()
    wait_for(lambda: hasattr(sys.modules.get(APP), "create_app"))


def test_loading_that_fails_is_told_and_harms_nothing(server, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, APP, None)
    server.load()
    wait_for(lambda: "the HTTP API is not loaded" in caplog.text)


def test_loading_after_the_end_does_nothing(server):
    server.stop(2)
    server.load()


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_head_of_a_probe_is_the_head_of_its_answer(client, path):
    head, answer = client.head(path), client.get(path)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "cache-control"):
        assert head.headers[name] == answer.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_other_method_on_a_probe_is_refused_as_anywhere(client, path, method):
    answer, elsewhere = client.request(method, path), client.get("/events")
    assert answer.status_code == elsewhere.status_code == 405
    assert answer.json() == elsewhere.json()
    assert answer.headers["allow"] == "GET, HEAD"
    assert [name for name in answer.headers if name != "date"] == [name for name in elsewhere.headers if name != "date"]


def test_probes_are_counted_under_their_paths_before_the_application_is_loaded(serve, monkeypatch):
    client = serve()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, APP, None)
        client.get("/readyz")
        client.post("/livez")
        client.get("/api/v1/status")
    text = client.get("/metrics").text
    assert 'reconcile_http_requests_total{code="200",method="GET",route="/readyz"} 1.0' in text
    assert 'reconcile_http_requests_total{code="405",method="POST",route="/livez"} 1.0' in text
    assert 'reconcile_http_requests_total{code="500",method="GET",route="other"} 1.0' in text
