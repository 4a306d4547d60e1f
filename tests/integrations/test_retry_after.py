"""What a destination asks for is heeded: the whole way, from a file and an event to the second attempt."""

import json

import pytest

from reconciler.model.event import Event
from reconciler.testing import Harness
from reconciler.testing.http_server import Answer

OK = Answer(200, json.dumps({"ok": True}).encode())


@pytest.fixture
def harness():
    with Harness() as running:
        (running.secrets / "token").write_text("xoxb-t0ps3cret")
        yield running


def settings(harness, integration):
    if integration == "webhook":
        return {"url": harness.http.url}
    return {"bot_token": {"secret": "file:token"}, "channel": "#builds", "api_url": harness.http.url}


@pytest.mark.parametrize("integration", ["webhook", "slack"])
def test_second_attempt_comes_when_the_destination_said_and_order_holds(harness, integration):
    key = f"{integration}/a"
    document = {"integration": integration, "name": "a", "events": [{"type": "**"}]}
    harness.write("a.yaml", {**document, "settings": settings(harness, integration)})
    harness.http.answer(Answer(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "60"}), OK, OK)
    harness.deliver(Event("first", "/t", id="1"))
    harness.deliver(Event("second", "/t", id="2"))
    said = {c.type.value: c for c in harness.config(key).conditions}["Delivering"]
    assert (said.status, said.reason, len(harness.http.requests)) == ("False", "Retry", 1)
    assert said.message and "t0ps3cret" not in said.message
    harness.advance(50)
    assert len(harness.http.requests) == 1
    harness.advance(15)
    harness.wait_until(lambda: len(harness.http.requests) == 3)
    bodies = [request.body.lower() for request in harness.http.requests]
    assert [b"first" in body for body in bodies] == [True, True, False]
    harness.wait_until(lambda: {c.type: c.status for c in harness.config(key).conditions}["Delivering"] == "True")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, b'{"ok": false, "error": "channel_not_found"}'), "channel_not_found"),
        (Answer(200, b'{"ok": false, "error": "invalid_auth"}'), "invalid_auth"),
    ],
)
def test_refusal_of_slack_is_a_dead_letter_at_once_and_says_why(harness, answer, words):
    document = {"integration": "slack", "name": "a", "events": [{"type": "**"}]}
    harness.write("a.yaml", {**document, "settings": settings(harness, "slack")})
    harness.http.answer(answer)
    harness.deliver(Event("first", "/t", id="1"))
    said = {c.type.value: c for c in harness.config("slack/a").conditions}["Delivering"]
    assert (said.status, said.reason) == ("False", "Dead") and words in said.message
    assert harness.manager.engine.status().queue["dead"] == 1
    harness.advance(600)
    assert len(harness.http.requests) == 1
