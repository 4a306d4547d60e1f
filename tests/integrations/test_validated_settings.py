"""The built-in integrations' settings as a person meets them: through `validate`, with place, rule and help."""

import json

import pytest
from pydantic import BaseModel

from reconciler.cli.app import run
from reconciler.sdk import Integration
from reconciler.testing import Harness

HOOK = 'webhook_url: {secret: "env:HOOK"}'
TOKEN = 'bot_token: {secret: "env:TOKEN"}'
IGNORED = {
    "channel": '"#builds"', "username": "Builds", "icon_emoji": '":bell:"', "icon_url": "https://example.com/i.png",
    "api_url": "https://proxy.example.com/api",
}  # fmt: skip


@pytest.fixture
def validate(tmp_path, monkeypatch, capsys):
    """Validate settings (flow YAML) of an integration: exit code, and for each finding what matters of it."""
    monkeypatch.chdir(tmp_path)

    def check(integration, settings, *arguments):
        text = f"integration: {integration}\nname: a\nsettings:\n" + "".join(f"  {line}\n" for line in settings)
        (tmp_path / "a.yaml").write_text(text)
        code = run(["validate", "a.yaml", "--format", "json", *arguments])
        return code, json.loads(capsys.readouterr().out)["diagnostics"]

    return check


@pytest.mark.parametrize(("name", "value"), IGNORED.items())
def test_what_slack_ignores_beside_an_incoming_webhook_is_a_warning_at_its_key(validate, name, value):
    code, (found,) = validate("slack", [HOOK, f"{name}: {value}"])
    assert (code, found["rule"], found["severity"]) == (0, "ignored-setting", "warning")
    assert (found["line"], found["column"], found["end_column"]) == (5, 3, 3 + len(name))
    assert f"`{name}` has no effect beside `webhook_url`" in found["message"]
    assert "bot_token" in found["help"] or "Web API" in found["help"]


def test_warnings_fail_a_strict_run(validate):
    assert validate("slack", [HOOK, "username: Builds"], "--strict")[0] == 1


@pytest.mark.parametrize("channel", ['"#builds"', '"@ada"', "C0123ABCD"])
def test_bot_token_with_a_channel_is_fine(validate, channel):
    assert validate("slack", [TOKEN, f"channel: {channel}", "username: Builds", 'icon_emoji: ":bell:"']) == (0, [])


WRONG = [
    ("slack", [TOKEN], "missing-key", "`channel`"),
    ("slack", ['channel: "#builds"'], "missing-key", "`bot_token` or `webhook_url`"),
    ("slack", [TOKEN, "channel: builds"], "invalid-value", "`settings.channel`"),
    ("slack", [TOKEN, HOOK, 'channel: "#builds"'], "invalid-value", "exclude each other"),
    ("slack", ["bot_token: xoxb-123", 'channel: "#builds"'], "plaintext-secret", "`settings.bot_token`"),
    ("slack", ["webhook_url: https://hooks.slack.com/services/T/B/X"], "plaintext-secret", "`settings.webhook_url`"),
    ("webhook", ["method: POST"], "missing-key", "`url`"),
    ("webhook", ["url: hooks.example.com/x"], "invalid-value", "`settings.url`"),
    ("webhook", ["url: ftp://hooks.example.com/x"], "invalid-value", "`settings.url`"),
    ("webhook", ["url: /hooks/x"], "invalid-value", "`settings.url`"),
    ("webhook", ["url: http://x", "method: post"], "invalid-value", "`settings.method`"),
    ("webhook", ["url: http://x", "method: HEAD"], "invalid-value", "`settings.method`"),
    ("webhook", ["url: http://x", "headers: {X-Team: 7}"], "wrong-type", "`settings.headers.X-Team`"),
    ("webhook", ["url: http://x", "signing_secret: whsec_AAAA"], "plaintext-secret", "`settings.signing_secret`"),
    ("webhook", ["url: http://x", "tls: {key_file: /k.pem}"], "missing-key", "`certificate_file`"),
    ("webhook", ["url: http://x", 'body: "{{ event.data"'], "template-syntax", "end of template"),
    ("email", ["host: mail.example.com", "from: ci@example.com", "to: []"], "invalid-value", "`settings.to`"),
    (
        "email",
        ["host: mail.example.com", "from: ci@example.com", "to: [a@example.com]", "username: ci"],
        "missing-key", "`password`",
    ),
    ("console", ["prefx: x"], "unknown-key", "`prefx`"),
]  # fmt: skip


@pytest.mark.parametrize(("integration", "settings", "rule", "words"), WRONG)
def test_wrong_settings_are_a_finding(validate, integration, settings, rule, words):
    code, diagnostics = validate(integration, settings)
    (found,) = (one for one in diagnostics if one["severity"] == "error")
    assert (code, found["rule"]) == (1, rule)
    assert words in found["message"]
    assert found["help"] and found["line"] >= 3


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_of_webhook_is_taken(validate, method):
    assert validate("webhook", ["url: https://hooks.example.com/x", f"method: {method}"]) == (0, [])


def test_reference_where_the_integration_wants_text_is_an_error_of_validation():
    with Harness() as harness:
        settings = {"url": {"secret": "file:address"}}
        harness.write("a.yaml", {"integration": "webhook", "name": "a", "settings": settings})
        (found,) = harness.config("webhook/a").diagnostics
        assert (found.rule, found.message) == ("secret-reference", "`settings.url` takes no secret reference")


def test_reference_where_the_model_of_a_host_wants_text_is_said_by_the_daemon():
    class Address(Integration):
        integration_id = "address"

        class Settings(BaseModel):
            url: str

    with Harness(Address) as harness:
        (harness.secrets / "address").write_text("http://127.0.0.1/t0ps3cret")
        settings = {"url": {"secret": "file:address"}}
        harness.write("a.yaml", {"integration": "address", "name": "a", "settings": settings})
        status = harness.config("address/a")
        assert status.message == (
            "address/a: settings.url: the integration takes no secret reference here: write the value itself"
        )
