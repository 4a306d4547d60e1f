"""webhook, against a recording server."""

import base64
import hashlib
import hmac
import json

import pytest

from reconciler.model.errors import NetworkRefused, TerminalError, TransientError
from reconciler.model.event import Event
from reconciler.model.secret import Secret


@pytest.fixture
def webhook(bench):
    return bench("webhook")


def test_event_is_sent_as_a_cloudevent(webhook, server, failed_build):
    webhook.deliver(failed_build, {"url": f"{server.url}/in?a=1"})

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/in?a=1")
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert Event.from_json(request.json()) == failed_build
    assert "webhook-signature" not in request.headers


def test_body_is_rendered(webhook, server, failed_build):
    webhook.deliver(failed_build, {"url": server.url, "body": '{"job": {{ event.data.job | tojson }}}'})

    assert server.requests[0].json() == {"job": "web"}
    assert server.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_method_is_used_with_a_body(webhook, server, failed_build, method):
    webhook.deliver(failed_build, {"url": server.url, "method": method})

    assert server.requests[0].method == method
    assert server.requests[0].json()["type"] == "build.finished"


def test_get_has_no_body(webhook, server, failed_build):
    webhook.deliver(failed_build, {"url": server.url, "method": "GET"})

    assert (server.requests[0].method, server.requests[0].body) == ("GET", b"")
    assert "content-type" not in server.requests[0].headers


def test_headers_are_added_and_win(webhook, server, failed_build):
    headers = {"Authorization": Secret("Bearer t0ps3cret"), "X-Team": "web", "Content-Type": "text/x-mine"}

    webhook.deliver(failed_build, {"url": server.url, "headers": headers})

    sent = server.requests[0].headers
    assert (sent["authorization"], sent["x-team"], sent["content-type"]) == ("Bearer t0ps3cret", "web", "text/x-mine")


def test_content_type_is_used(webhook, server, failed_build):
    settings = {"url": server.url, "body": "job=web", "content_type": "application/x-www-form-urlencoded"}

    webhook.deliver(failed_build, settings)

    assert server.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        pytest.param(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLwSw",
            base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLwSw"),
            id="as specified",
        ),
        pytest.param("any other text", b"any other text", id="any text"),
    ],
)
def test_request_is_signed(webhook, server, failed_build, secret, key):
    webhook.deliver(failed_build, {"url": server.url, "signing_secret": Secret(secret)})

    (request,) = server.requests
    signed = f"{request.headers['webhook-id']}.1700000000.".encode() + request.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-timestamp"] == "1700000000"
    assert request.headers["webhook-signature"] == f"v1,{expected}"


def test_our_own_verifier_accepts_the_signature(webhook, server, failed_build):
    from reconciler.model.ports import Request
    from reconciler.sdk.signatures import StandardWebhooksVerifier, Verdict

    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLwSw")
    webhook.deliver(failed_build, {"url": server.url, "signing_secret": secret})

    sent = server.requests[0]
    request = Request(sent.method, sent.path, "", sent.headers, sent.body)
    assert StandardWebhooksVerifier(secret).verify(request, 1_700_000_010.0).verdict is Verdict.GENUINE


def test_broken_signing_secret_is_terminal(webhook, server, failed_build):
    with pytest.raises(TerminalError, match="begins with whsec_, so base64 must follow") as caught:
        webhook.deliver(failed_build, {"url": server.url, "signing_secret": Secret("whsec_t0ps3cret!")})

    assert "t0ps3cret" not in str(caught.value)
    assert server.requests == []


def test_attempts_share_an_idempotency_key(webhook, server, failed_build):
    for event in (failed_build, failed_build, Event("a", "b")):
        webhook.deliver(event, {"url": server.url, "signing_secret": Secret("any")})

    first, second, other = server.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == first.headers["webhook-id"]
    assert other.headers["idempotency-key"] != first.headers["idempotency-key"]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "seconds"),
    [
        (429, {"Retry-After": "12"}, TransientError, 12),
        (503, {"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}, TransientError, 60),
        (500, {}, TransientError, None),
        (408, {}, TransientError, None),
        (400, {}, TerminalError, None),
        (410, {}, TerminalError, None),
        (302, {"Location": "http://169.254.169.254/"}, TerminalError, None),
    ],
)
def test_answer_steers(webhook, server, answer, failed_build, status, headers, kind, seconds):
    server.answer(answer(status, b"", headers))

    with pytest.raises(kind) as caught:
        webhook.deliver(failed_build, {"url": server.url})

    assert getattr(caught.value, "retry_after", None) == seconds
    assert len(server.requests) == 1


def test_template_that_fails_is_terminal_and_nothing_is_sent(webhook, server, failed_build):
    with pytest.raises(TerminalError, match=r"webhook/test: the template settings\.body .*'jbo'"):
        webhook.deliver(failed_build, {"url": server.url, "body": "{{ event.data.jbo }}"})

    assert server.requests == []


def test_metadata_address_is_refused(webhook, failed_build):
    with pytest.raises(NetworkRefused):
        webhook.deliver(failed_build, {"url": "http://169.254.169.254/latest"})


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="no url"),
        pytest.param({"url": "hooks.example.com"}, id="not absolute"),
        pytest.param({"url": "https://me:t0ps3cret@hooks.example.com"}, id="a password in the url"),
        pytest.param({"url": "https://x", "method": "HEAD"}, id="another method"),
        pytest.param({"url": "https://x", "headers": {"X A": "b"}}, id="a header's name with a space"),
        pytest.param({"url": "https://x", "timeout": "26s"}, id="longer than a delivery may take"),
        pytest.param({"url": "https://x", "timeout": "0s"}, id="no time at all"),
        pytest.param({"url": "https://x", "tls": {"certificate_file": "cert.pem"}}, id="a relative path"),
    ],
)
def test_settings_are_refused(webhook, settings):
    with pytest.raises(ValueError):
        webhook.config(settings)


def test_timeout_is_read(webhook):
    timeouts = [webhook.config({"url": "http://x", **more}).settings.timeout for more in ({}, {"timeout": "500ms"})]

    assert timeouts == [10.0, 0.5]


def test_data_that_is_not_ascii_arrives(webhook, server):
    webhook.deliver(Event("a", "b", data={"name": "Žluťoučký 🐎"}), {"url": server.url})

    assert json.loads(server.requests[0].body)["data"]["name"] == "Žluťoučký 🐎"
