"""No line of a file is shown with a secret in it, whatever the file is: names, what stands beneath them, what tokens look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.secret_names import sounds_secret
from reconciler.report.findings.masking import MaskedLines

SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        "token: hunter2",
        "token:hunter2",
        "token : hunter2",
        "TOKEN=hunter2",
        "export SLACK_BOT_TOKEN=hunter2",
        "token hunter2",
        "- password: hunter2: and more",
        'password: "hunter2',
        'password: "a" hunter2',
        "password: 'it''s hunter2'",
        'password: "a\\"hunter2"',
        "password: !hunter2",
        "password: &a hunter2",
        "password: @hunter2",
        "password: {hunter2}",
        "password: {a: hunter2}",
        "password: [a, hunter2]",
        "settings: {name: a, bot_token: hunter2, channel: b}",
        'settings: {name: a, bot_token: "a, hunter2", channel: b}',
        "{secret: hunter2}",
        "{secret: env:hunter2}",
        "token: {secret: {x: hunter2}}",
        "botToken: hunter2",
        "'api-key': hunter2",
        "Authorization: Bearer hunter2",
        "X-Header: Bearer hunter2",
        "url: https://user:hunter2@example.com/",
        "private_key: |\n  hunter2",
        "private_key: |\n\n  a\n  hunter2: b: c",
        "password:\n  hunter2",
        "password:\n  - hunter2",
        "password:\n- hunter2",
        "password:\n  value: hunter2",
        "password: >-\n    a\n    hunter2",
        'password: "a\nhunter2"',
        'password: "a\nb\nhunter2"',
        "settings:\n  auth:\n    user: a\n    data: hunter2",
        "signing: hunter2",
    ],
)
def test_secret_is_in_no_line(text):
    lines = text.split("\n")
    assert SECRET not in "\n".join(MaskedLines(lines, ["signing"]))


@pytest.mark.parametrize(
    "token",
    [
        "xoxb-17653672481-19874698323",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "glpat-20chrsanddashes12345",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
        "0123456789abcdef0123456789abcdef",
        "https://hooks.slack.com/services/T00/B00/XXXX",
    ],
)
def test_what_looks_like_a_token_is_masked_wherever_it_stands(token):
    (shown,) = MaskedLines([f"whatever {token} else"])
    assert token.removeprefix("https://hooks.slack.com/") not in shown
    assert shown.startswith("whatever") and shown.endswith("else")


@pytest.mark.parametrize(
    "text",
    [
        'bot_token: {secret: "env:SLACK_BOT_TOKEN"}',
        "bot_token: {secret: file:slack/token}",
        'bot_token:\n  secret: "env:SLACK_BOT_TOKEN"\n  format: "Bearer {}"',
        "channel: '#builds'",
        "message:\n  thread_key: builds\n  title: a",
        "settings:\n  token: {secret: env:A}\n  channel: b",
        "name: monkey",
        "when: data.status == 'failed'",
        "url: https://example.com/a/b?c=d",
        "integration: slack # why",
    ],
)
def test_what_is_no_secret_is_shown(text):
    assert list(MaskedLines(text.split("\n"))) == text.split("\n")


def test_rest_of_a_flow_mapping_is_shown():
    assert list(MaskedLines(["{token: abc, channel: b}"])) == ["{token: ***, channel: b}"]


@given(st.lists(st.text(alphabet="ab:={}[]\"'#|> -token\t", max_size=30), max_size=6))
def test_masked_line_is_as_long_as_the_line(lines):
    assert [len(line) for line in MaskedLines(lines, ["a"])] == [len(line) for line in lines]


@pytest.mark.parametrize(
    "line", ["a:" * 10_000, "token:" * 3_000, "x" * 1_000_000, "- " * 9_000 + "a", '"' * 20_000, "1a" * 9_000]
)
def test_hostile_line_costs_no_time(line):
    assert len(MaskedLines([line] * 3)[2]) == len(line)


@pytest.mark.parametrize(
    "name", ["token", "bot_token", "apiKey", "API-KEY", "passwd", "dbPassword", "AUTH", "secretkey", "Authorization"]
)
def test_name_sounds_secret(name):
    assert sounds_secret(name)


@pytest.mark.parametrize("name", ["channel", "thread_key", "monkey", "author", "passage", "keyboard", "url", "name"])
def test_name_does_not_sound_secret(name):
    assert not sounds_secret(name)
