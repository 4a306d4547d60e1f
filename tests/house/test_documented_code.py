"""The Python in the documentation does what the text beside it says."""

import asyncio
import hmac

import pytest
from house import fences

from reconciler.sdk import Event, Request
from reconciler.testing import Harness
from reconciler.testing.http_server import Answer


def example(page: str, name: str) -> dict:
    """Run the one block of `page` that defines `name`, and return its names."""
    found = [text for place, text in fences("python") if place.startswith(f"{page}:") and name in text]
    assert len(found) == 1, f"{page} has {len(found)} examples with {name}"
    names: dict = {"__name__": "example"}
    exec(compile(found[0], page, "exec"), names)  # the documentation is ours
    return names


@pytest.fixture
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()


def write(tmp_path, text):
    (tmp_path / "configs" / "a.yaml").write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("_here")
def test_embedded_manager_delivers_to_the_hosts_class(tmp_path, capsys):
    write(tmp_path, "integration: audit\nname: orders\nevents: [{type: order.*}]\n")
    example("README.md", "class Audit")
    assert "orders order.paid {'order': 7}" in capsys.readouterr().out


@pytest.mark.usefixtures("_here")
def test_embedded_manager_finds_configurations_by_scope(tmp_path):
    write(tmp_path, "integration: console\nname: a\nscope: {organization: acme}\nevents: [{type: '**'}]\n")
    example("docs/embedding.md", "with IntegrationManager(Path")


def test_application_changes_a_configuration_as_the_page_does():
    set_prefix = example("docs/embedding.md", "def set_prefix")["set_prefix"]
    with Harness() as harness:
        set_prefix(harness.manager, harness.directory / "builds.yaml", "» ")
        harness.settle()
        (found,) = harness.manager.get_configs("console")
        assert found.settings.prefix == "» "


def test_pager_sends_what_a_configuration_asks_for():
    pager = example("README.md", "class PagerIntegration")["PagerIntegration"]
    with Harness(pager) as harness:
        settings = {"url": harness.http.url}
        document = {"integration": "pager", "name": "a", "settings": settings, "events": [{"type": "disk.full"}]}
        harness.write("a.yaml", document | {"message": {"title": "disk {{ event.data.disk }} is full"}})
        harness.deliver(Event(type="disk.full", source="test", data={"disk": "sda"}))
        assert [request.json() for request in harness.http.requests] == [{"text": "disk sda is full"}]


def test_smallest_integration_takes_an_event():
    pager = example("docs/writing-an-integration.md", "class PagerIntegration")["PagerIntegration"]
    with Harness(pager) as harness:
        document = {"integration": "pager", "name": "a", "settings": {"number": "1"}, "events": [{"type": "x"}]}
        harness.write("a.yaml", document)
        assert harness.state("pager/a") == "active"


def test_the_guides_own_test_passes():
    example("docs/writing-an-integration.md", "class Probe")["test_an_event_reaches_the_server"]()


def test_the_guides_busy_server_is_asked_again():
    names = example("docs/writing-an-integration.md", "class Probe")
    again = next(text for _, text in fences("python") if "def a_busy_server_is_asked_again" in text)
    exec(again, names)
    with Harness(names["Probe"]) as harness:
        names["Probe"].base = harness.http.url
        document = {"integration": "probe", "name": "a", "settings": {"path": "/x"}, "events": [{"type": "hello"}]}
        harness.write("a.yaml", document)
        names["a_busy_server_is_asked_again"](harness)


def test_the_guides_own_hook_lives_with_its_owner(capsys):
    from reconciler.sdk import Integration

    led = example("docs/writing-an-integration.md", "class LedHook")["LedHook"]

    class Lamp(Integration):
        integration_id = "lamp"

        def initialize(self) -> None:
            led(self)

    with Harness(Lamp) as harness:
        harness.write("a.yaml", {"integration": "lamp", "name": "a"})
        harness.delete("a.yaml")
        harness.settle()
    assert capsys.readouterr().out == "on\noff\n"


def test_the_guides_effect_is_removed_when_its_configuration_goes():
    watcher = example("docs/writing-an-integration.md", "class WatcherIntegration")["WatcherIntegration"]
    with Harness(watcher) as harness:
        harness.http.answer(Answer(body=b'{"id": 7}'), Answer(503), Answer(404))
        settings = {"api": harness.http.url, "repository": "web"}
        harness.write("a.yaml", {"integration": "watcher", "name": "a", "settings": settings})
        harness.delete("a.yaml")
        harness.advance(10)
        asked = [(request.method, request.path) for request in harness.http.requests]
        assert asked == [("PUT", "/hooks/web"), ("DELETE", "/hooks/web/7"), ("DELETE", "/hooks/web/7")]
        assert harness.state("watcher/a") is None


def test_the_guides_own_route_takes_signed_requests_alone():
    builds = example("docs/writing-an-integration.md", "class BuildsIntegration")["BuildsIntegration"]
    with Harness(builds) as harness:
        (harness.secrets / "key").write_text("k")
        harness.write(
            "a.yaml", {"integration": "builds", "name": "web", "settings": {"secret": {"secret": "file:key"}}}
        )
        signature = "sha256=" + hmac.new(b"k", b"{}", "sha256").hexdigest()
        assert call(harness, {"x-hub-signature-256": signature}) == 202
        assert call(harness, {}) == 401


def call(harness, headers) -> int:
    path = "/hooks/builds/web/incoming"
    serve = harness.manager.engine.routes.find(path)["POST"]
    return asyncio.run(serve(Request("POST", path, "", headers, b"{}"))).status
