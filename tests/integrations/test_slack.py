"""slack, against a server that answers as Slack does."""

import json

import pytest

from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.event import Event
from reconciler.model.message import Field, Level, Message
from reconciler.model.secret import Secret
from reconciler_integrations.slack.payload import build_payload

TOKEN = Secret("xoxb-t0ps3cret")


@pytest.fixture
def slack(bench):
    return bench("slack")


@pytest.fixture
def api(server):
    return {"bot_token": TOKEN, "channel": "#builds", "api_url": f"{server.url}/api"}


@pytest.fixture
def hook(server):
    return {"webhook_url": Secret(f"{server.url}/services/T000/B000/t0ps3cret")}


def ok(answer, **more):
    return answer(200, json.dumps({"ok": True, "ts": "1700000000.000100", **more}).encode())


def test_bot_token_posts_to_the_channel(slack, server, answer, api, failed_build):
    server.answer(ok(answer))

    slack.deliver(failed_build, {**api, "username": "Builds", "icon_emoji": ":bell:"})

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/chat.postMessage")
    assert request.headers["authorization"] == "Bearer xoxb-t0ps3cret"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    sent = request.json()
    assert (sent["channel"], sent["username"], sent["icon_emoji"]) == ("#builds", "Builds", ":bell:")
    assert sent["text"] == "Build finished: web"
    assert sent["blocks"][0]["text"]["text"] == "*<https://ci.example.com/1|Build finished: web>*"
    assert sent["attachments"][0]["color"] == "#e01e5a"


def test_second_attempt_carries_the_same_id(slack, server, answer, api, failed_build):
    server.answer(ok(answer), ok(answer), ok(answer))

    for event in (failed_build, failed_build, Event("a", "b")):
        slack.deliver(event, api)

    first, second, other = (request.json()["client_msg_id"] for request in server.requests)
    assert first == second != other


def test_incoming_webhook_posts_to_its_address(slack, server, hook, failed_build):
    slack.deliver(failed_build, hook)

    (request,) = server.requests
    assert request.path == "/services/T000/B000/t0ps3cret"
    assert request.json()["text"] == "Build finished: web"
    assert "channel" not in request.json() and "authorization" not in request.headers


def test_message_of_the_configuration_is_posted(slack, server, answer, api, failed_build):
    server.answer(ok(answer))

    slack.deliver(
        failed_build, api, message={"title": "{{ event.data.job }} is red", "thread_key": "1700000000.000100"}
    )

    assert server.requests[0].json()["text"] == "web is red"
    assert server.requests[0].json()["thread_ts"] == "1700000000.000100"


@pytest.mark.parametrize(
    ("error", "kind", "help_"),
    [
        ("ratelimited", TransientError, ""),
        ("rate_limited", TransientError, ""),
        ("internal_error", TransientError, ""),
        ("fatal_error", TransientError, ""),
        ("service_unavailable", TransientError, ""),
        ("request_timeout", TransientError, ""),
        ("channel_not_found", TerminalError, "check the name"),
        ("invalid_auth", TerminalError, "new bot token"),
        ("not_in_channel", TerminalError, "invite the bot"),
        ("is_archived", TerminalError, "unarchive it"),
        ("token_revoked", TerminalError, "was revoked"),
        ("account_inactive", TerminalError, "is gone"),
        ("missing_scope", TerminalError, "chat:write"),
        ("invalid_blocks", TerminalError, "templates"),
        ("msg_too_long", TerminalError, "shorten"),
        ("something_new", TerminalError, "Slack's documentation"),
    ],
)
def test_error_of_the_web_api_steers(slack, server, answer, api, failed_build, error, kind, help_):
    server.answer(answer(200, json.dumps({"ok": False, "error": error}).encode()))

    with pytest.raises(kind, match=f"Slack answered {error}.*{help_}") as caught:
        slack.deliver(failed_build, api)

    assert "t0ps3cret" not in str(caught.value)


def test_missing_scope_is_named(slack, server, answer, api, failed_build):
    body = {"ok": False, "error": "missing_scope", "needed": "chat:write.customize", "provided": "chat:write"}
    server.answer(answer(200, json.dumps(body).encode()))

    with pytest.raises(TerminalError, match=r"the scope chat:write\.customize"):
        slack.deliver(failed_build, api)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "seconds"),
    [
        pytest.param(
            429, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": "30"}, TransientError, 30, id="limited"
        ),
        pytest.param(
            200, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": "5"}, TransientError, 5, id="in a 200"
        ),
        pytest.param(429, b"", {"Retry-After": "7"}, TransientError, 7, id="limited without a body"),
        pytest.param(503, b"<html>", {}, TransientError, None, id="a broken proxy"),
        pytest.param(200, b"<html>", {}, TransientError, None, id="a page in place of an answer"),
        pytest.param(200, b"[]", {}, TransientError, None, id="JSON of another form"),
        pytest.param(404, b"", {}, TerminalError, None, id="not Slack at all"),
    ],
)
def test_answer_of_the_web_api_steers(slack, server, answer, api, failed_build, status, body, headers, kind, seconds):
    server.answer(answer(status, body, headers))

    with pytest.raises(kind) as caught:
        slack.deliver(failed_build, api)

    assert getattr(caught.value, "retry_after", None) == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind", "help_"),
    [
        (400, b"invalid_payload", TerminalError, "templates"),
        (404, b"no_service", TerminalError, "new incoming webhook"),
        (404, b"no_active_hooks", TerminalError, "switched off"),
        (410, b"channel_is_archived", TerminalError, "unarchive"),
        (404, b"channel_not_found", TerminalError, "check the name"),
        (403, b"action_prohibited", TerminalError, "administrator"),
        (403, b"invalid_token", TerminalError, "new incoming webhook"),
        (403, b"posting_to_general_channel_denied", TerminalError, "general"),
        (500, b"rollup_error", TransientError, "rollup_error"),
        (503, b"", TransientError, "answered 503"),
        (418, b"teapot", TerminalError, "answered 418"),
    ],
)
def test_answer_of_a_webhook_steers(slack, server, answer, hook, failed_build, status, body, kind, help_):
    server.answer(answer(status, body))

    with pytest.raises(kind, match=help_) as caught:
        slack.deliver(failed_build, hook)

    assert "t0ps3cret" not in str(caught.value)


def test_limited_webhook_says_when(slack, server, answer, hook, failed_build):
    server.answer(answer(429, b"rate_limited", {"Retry-After": "30"}))

    with pytest.raises(TransientError) as caught:
        slack.deliver(failed_build, hook)

    assert caught.value.retry_after == 30


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="neither way"),
        pytest.param({"bot_token": TOKEN}, id="a token without a channel"),
        pytest.param({"channel": "#a"}, id="a channel alone"),
        pytest.param({"bot_token": TOKEN, "channel": "#a", "webhook_url": Secret("http://x")}, id="both ways"),
        pytest.param({"bot_token": TOKEN, "channel": "general"}, id="a channel without #"),
        pytest.param({"bot_token": TOKEN, "channel": "#a", "colour": "red"}, id="an unknown key"),
    ],
)
def test_settings_are_refused(slack, settings):
    with pytest.raises(ValueError) as caught:
        slack.config(settings)
    assert "t0ps3cret" not in str(caught.value)


# --- the payload ----------------------------------------------------------------------------------------------------


def test_event_cannot_mention_or_link():
    payload = build_payload(Message("<!channel> & <@U1>", "<https://evil.example|bank>", fields=(Field("<a>", "<b>"),)))

    assert "<" not in json.dumps(payload)
    assert payload["text"] == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_links_and_bold_of_markdown_are_translated():
    (block,) = build_payload(Message("t", "**hot** [log](https://ci.example.com/?a=1&b=2)"))["attachments"][0]["blocks"]

    assert block["text"]["text"] == "*hot* <https://ci.example.com/?a=1&amp;b=2|log>"


@pytest.mark.parametrize("level", list(Level))
def test_each_severity_has_a_colour_of_its_own(level):
    colours = {build_payload(Message("t", "x", severity=each))["attachments"][0]["color"] for each in Level}

    assert len(colours) == len(Level)
    assert build_payload(Message("t", severity=level)).get("attachments", [{}])[0].get("color", "#5b7083") in colours


def test_title_alone_is_one_block():
    payload = build_payload(Message("Hello"))

    assert payload["blocks"] == [{"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}]
    assert "attachments" not in payload


def test_limits_are_kept():
    fields = tuple(Field("k" * 500, "&" * 5000, short=bool(n % 3)) for n in range(80))
    message = Message(
        "<" * 9000, "a & b\n" * 20_000, "https://x.example/" + "y" * 900, fields=fields, author="z" * 9000
    )

    payload = build_payload(message)
    blocks = payload["attachments"][0]["blocks"]

    assert len(payload["blocks"]) + len(blocks) <= 50
    assert len(payload["text"]) <= 3000
    for block in [*payload["blocks"], *blocks]:
        texts = [block["text"]] if "text" in block else []
        assert all(0 < len(text["text"]) <= 3000 for text in texts)
        assert len(block.get("fields", [])) <= 10
        assert all(0 < len(field["text"]) <= 2000 for field in block.get("fields", []))
        for text in texts + block.get("fields", []):
            assert not text["text"].rstrip("…").endswith(("&", "&a", "&am", "&amp"))


@pytest.mark.parametrize("key", ["builds", "1700000000", "1700000000.0001", "1700000000.000100\n"])
def test_thread_key_that_is_no_timestamp_is_left_out(key):
    assert "thread_ts" not in build_payload(Message("t", thread_key=key))


def test_empty_message_still_has_a_text():
    assert build_payload(Message(""))["text"] == "(no text)"


def test_image_and_author_are_shown():
    blocks = build_payload(Message("t", image="https://x.example/a.png", author="ada"))["attachments"][0]["blocks"]

    assert [block["type"] for block in blocks] == ["image", "context"]
