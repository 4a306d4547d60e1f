"""The three requests that change something, as the command line sends them over the Unix socket."""

import getpass
import json

import pytest
from msgspec.structs import replace

from reconciler.model.errors import OverrideRefused
from reconciler.web.unix_client import unix_connection

ME = getpass.getuser()


@pytest.fixture
def send(serve, tmp_path):
    """Return a function that posts over the Unix socket and returns the status and the JSON."""
    serve(host=None, state_dir=tmp_path)

    def post(path, value=None, content_type="application/json"):
        connection = unix_connection(tmp_path, 5)
        body = value if isinstance(value, bytes) else None if value is None else json.dumps(value).encode()
        connection.request("POST", path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        status, data = answer.status, json.loads(answer.read())
        connection.close()
        return status, data

    return post


def test_retry_of_a_known_key(send, engine):
    assert send("/api/v1/retry", {"key": "slack/a"}) == (202, {"format_version": 1, "key": "slack/a"})
    assert engine.calls == [("retry", "slack/a", ME)]


def test_retry_of_all_that_a_selector_means(send, engine):
    engine.add("slack/a", "slack/b")
    answer = {"format_version": 1, "selected": "-l tier=1", "configs": 2}
    assert send("/api/v1/retry", {"selector": {"labels": {"tier": "1"}}}) == (202, answer)
    assert engine.calls == [("retry_all", "-l tier=1", ME)]


@pytest.mark.parametrize(
    ("selector", "code"), [({}, 422), ({"ids": "a"}, 422), (7, 422), ({"integration": "gone"}, 404)]
)
def test_retry_by_a_selector_that_makes_no_sense_is_refused(send, selector, code):
    assert send("/api/v1/retry", {"selector": selector})[0] == code


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("slack/gone", "no configuration is known as 'slack/gone'"),
        ("slak", "no integration is registered as 'slak': did you mean `slack`?"),
    ],
)
def test_retry_of_an_unknown_key_is_404_and_names_the_nearest(send, key, told):
    code, answer = send("/api/v1/retry", {"key": key})
    assert (code, answer["error"]["message"]) == (404, told)


def test_approval_of_the_held_plan(send, engine):
    assert send("/api/v1/approve", {"digest": "abc123"})[0] == 202
    assert engine.calls == [("approve", "abc123", ME)]


def test_approval_of_another_plan_is_409(send):
    status, answer = send("/api/v1/approve", {"digest": "other"})
    assert (status, answer["error"]["code"]) == (409, "not_held")
    assert "nothing is" in answer["error"]["message"]


def test_refused_approval_names_the_plan_that_is_held(send, engine):
    engine.status = lambda: replace(type(engine).status(engine), held_digest="abc123", held=4)
    _, answer = send("/api/v1/approve", {"digest": "other"})
    told = "the plan 'other' is not held: abc123 is, with 4 removals; look at it with `reconcile plan`"
    assert answer["error"]["message"] == told


def test_approval_while_the_root_is_lost_says_so(send, engine):
    engine.status = lambda: replace(type(engine).status(engine), held_digest="abc123", held=4)
    engine.approve = lambda digest, who: False
    _, answer = send("/api/v1/approve", {"digest": "abc123"})
    assert "has to come back first" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"), [("/api/v1/approve", {"digest": "abc123"}), ("/api/v1/forget", {"id": "slack/a"})]
)
def test_worker_whose_runner_does_not_answer_is_409_in_its_words(send, engine, monkeypatch, path, body):
    def refuse(*_):
        raise OverrideRefused("this process is a worker, and no runner lives")

    monkeypatch.setattr(engine, "approve", refuse)
    monkeypatch.setattr(engine.outside, "forget", refuse)
    status, answer = send(path, body)
    assert (status, answer["error"]["code"]) == (409, "refused")
    assert "no runner lives" in answer["error"]["message"]


@pytest.mark.parametrize("body", [None, b"", {}])
def test_look_needs_no_body(send, engine, body):
    assert send("/api/v1/look", body) == (202, {"format_version": 1})
    assert engine.calls == [("look", "api")]


@pytest.mark.parametrize("path", ["/api/v1/retry", "/api/v1/approve"])
@pytest.mark.parametrize(
    "value", [{}, [], "x", {"key": 1}, {"digest": ""}, {"key": "a", "more": 1}, {"digest": "a", "who": "me"}]
)
def test_other_bodies_are_422(send, engine, path, value):
    assert send(path, value)[0] == 422
    assert engine.calls == []


def test_bodies_that_are_not_json_are_refused(send):
    assert send("/api/v1/retry", b"{")[0] == 400
    assert send("/api/v1/retry", b"key=a", "application/x-www-form-urlencoded")[0] == 415
    assert send("/api/v1/retry", b'"' + b"a" * 20_000 + b'"')[0] == 413
    assert send("/api/v1/look", {"more": 1})[0] == 422
