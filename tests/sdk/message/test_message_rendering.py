"""From an event to a message: the plain default, and a configuration's templates."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import TerminalError
from reconciler.model.event import Event
from reconciler.model.message import Field, Level, Message
from reconciler.model.secret import Secret
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import HookSet
from reconciler.sdk.message import plain_message, render_message, render_template

FAILED = Event(
    type="build.finished",
    source="ci",
    subject="web",
    time=datetime(2026, 1, 31, 12, tzinfo=UTC),
    data={"status": "failed", "branch": "main", "url": "https://ci.example.com/1", "author": "ada", "log": "x" * 999},
    scope={"team": "web"},
)


def config(message: dict | None = None) -> IntegrationConfig:
    raw = {
        "integration": "chat",
        "name": "builds",
        "labels": {"tier": "1"},
        "scope": {"team": ["web", "ops"]},
        "settings": {"token": {"secret": "env:TOKEN"}},
        "message": message or {},
    }
    values = {"token": Secret("t0ps3cret")}
    return IntegrationConfig(
        ConfigDocument(raw, "d"), values, values, {}, HookSet("chat/builds", Descriptor("chat", "Chat"))
    )


def test_plain_message_reads_well():
    message = plain_message(FAILED)

    assert message == Message(
        title="Build finished: web",
        url="https://ci.example.com/1",
        severity=Level.ERROR,
        fields=(Field("Status", "failed"), Field("Branch", "main"), Field("Author", "ada")),
        author="ada",
    )


@pytest.mark.parametrize(
    ("data", "level"),
    [
        ({"status": "passed"}, Level.SUCCESS),
        ({"severity": "WARNING"}, Level.WARNING),
        ({"status": "odd", "result": "failure"}, Level.ERROR),
        ({"status": "odd"}, Level.INFO),
        ({"status": 1}, Level.INFO),
        ("text", Level.INFO),
        (None, Level.INFO),
    ],
)
def test_severity_is_guessed_only_from_known_words(data, level):
    assert plain_message(Event("a", "b", data=data)).severity is level


@pytest.mark.parametrize(
    ("event_type", "title"),
    [("com.github.pull_request.opened", "Github pull request opened"), ("ping", "Ping"), ("a.b", "A b")],
)
def test_title_comes_from_the_type(event_type, title):
    assert plain_message(Event(event_type, "s")).title == title


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=20,
)


@given(JSON)
def test_plain_message_takes_any_data(data):
    message = plain_message(Event("a.b", "s", data=data))

    assert message.title == "A b" and len(message.fields) <= 10


def test_without_templates_the_default_stays():
    assert render_message(Message("t"), FAILED, config()) == Message("t")


def test_templates_replace_field_by_field():
    message = render_message(
        Message("default", "kept", fields=(Field("a", "b"),)),
        FAILED,
        config(
            {
                "title": "{{ event.subject }} {{ event.data.status }} at {{ event.time }} ",
                "severity": "{{ 'error' if event.data.status == 'failed' else 'success' }}",
                "author": "{{ config.id }} {{ config.labels.tier }} {{ config.scope.team | join('+') }}",
                "thread_key": "{{ event.source }}/{{ event.scope.team }}",
            }
        ),
    )

    assert message == Message(
        title="web failed at 2026-01-31T12:00:00Z",
        text="kept",
        severity=Level.ERROR,
        fields=(Field("a", "b"),),
        author="chat/builds 1 web+ops",
        thread_key="ci/web",
    )


def test_fields_that_come_out_empty_are_left_out():
    listed = [
        {"title": "Branch", "value": "{{ event.data.branch }}"},
        {"title": "Log", "value": "{{ event.data.missing | default('') }}"},
        {"title": "{{ event.type }}", "value": "long", "short": False},
    ]

    fields = render_message(Message("t"), FAILED, config({"fields": listed})).fields

    assert fields == (Field("Branch", "main"), Field("build.finished", "long", short=False))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            {"text": "{{ event.data.jbo }}"},
            "chat/builds: the template message.text cannot be rendered: there is no 'jbo'",
        ),
        (
            {"fields": [{"title": "a", "value": "{{ 1 / 0 }}"}]},
            r"message.fields\[0\].value cannot be rendered: a number",
        ),
        ({"severity": "{{ event.data.branch }}"}, "message.severity must be one of .* gave 'main'"),
        ({"title": "{{ config.settings }}"}, "there is no 'settings'"),
        ({"title": "{{ config.values.token }}"}, "there is no 'values'|unsafe|no 'token'"),
    ],
)
def test_template_that_fails_is_terminal_and_named(message, reason):
    with pytest.raises(TerminalError, match=reason) as caught:
        render_message(Message("t"), FAILED, config(message))

    assert "t0ps3cret" not in str(caught.value)


def test_render_template_names_its_setting():
    assert json.loads(render_template('{"a": {{ event.data | tojson }}}', FAILED, config()))["a"] == FAILED.data
    with pytest.raises(TerminalError, match=r"settings\.body"):
        render_template("{{ nope }}", FAILED, config(), name="settings.body")
