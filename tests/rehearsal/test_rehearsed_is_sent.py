"""What a rehearsal shows is what the daemon sends: the same documents and event through a real engine, on loopback."""

import json

import pytest

from reconciler.compose.offline.world import OfflineWorld
from reconciler.compose.options import EngineOptions
from reconciler.compose.rehearsal.recorder import _USUAL
from reconciler.model.event import Event
from reconciler.testing import Answer, Harness

EVENT = Event(type="build.finished", source="/ci", id="1", data={"job": "web", "status": "failed"}, scope={"team": "a"})
LISTENS = {"events": [{"type": "build.*", "when": 'data.status == "failed"'}]}
DOCUMENTS = {
    "plain": ("webhook", {}),
    "body": ("webhook", {"body": '{"job": {{ event.data.job | tojson }}}', "method": "PUT"}),
    "text": ("webhook", {"body": "job={{ event.data.job }}", "content_type": "text/plain", "headers": {"X-A": "b"}}),
    "signed": ("webhook", {"signing_secret": {"secret": "file:key"}, "headers": {"x-k": {"secret": "file:key"}}}),
    "slack": ("slack", {"bot_token": {"secret": "file:token"}, "channel": "#x", "username": "ci"}),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_rehearsed_request_is_the_one_that_is_sent(name):
    integration, settings = DOCUMENTS[name]
    with Harness() as harness:
        for secret, text in (("key", "<secret:file:key>"), ("token", "<secret:file:token>")):
            (harness.secrets / secret).write_text(text)
        harness.http.answer(Answer(body=b'{"ok": true}', headers={"content-type": "application/json"}))
        where = "api_url" if integration == "slack" else "url"
        document = {"integration": integration, "name": name, "settings": {**settings, where: f"{harness.http.url}/a"}}
        harness.write("a.yaml", document | LISTENS | {"message": {"title": "{{ event.data.job }} failed"}})
        world = OfflineWorld(EngineOptions(harness.directory, harness.directory, secrets_dir=harness.secrets))
        assert world.receivers(EVENT) == [f"{integration}/{name}"]
        with world.rehearsal(harness.clock.time()) as rehearsal:
            (shown,) = rehearsal.deliver(world.desired(f"{integration}/{name}").document, EVENT).sent
        harness.deliver(EVENT)
        (sent,) = harness.http.requests
    assert shown["method"] == sent.method
    assert shown["url"] == f"{harness.http.url}{sent.path}"
    headers = {key: value for key, value in sent.headers.items() if key not in {*_USUAL, "connection"}}
    assert told(headers, but="webhook-timestamp") == told(shown["headers"], but="webhook-timestamp")
    try:
        assert shown["body"] == json.loads(sent.body)
    except ValueError:
        assert shown["body"] == sent.body.decode()


def told(headers, but):
    """Return headers with stand-ins as they are shown, and without what follows from the clock, which ran on."""
    shown = {key: value.replace("<secret:", "<secret ") for key, value in headers.items()}
    if but in shown:
        del shown[but], shown["webhook-signature"]
    return shown
