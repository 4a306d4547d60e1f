"""Setting aside and resuming over HTTP, and who is said to have done it."""

import getpass
import json
from urllib.parse import urlencode

import pytest

from reconciler.model.errors import StateError
from reconciler.model.override import Intervention, InterventionKind, OverrideKind, Selector
from reconciler.model.secret import Secret
from reconciler.web.unix_client import unix_connection
from reconciler.web.who import who

TOKEN = "0123456789abcdef"
ME = getpass.getuser()
WHOLE = {
    "kind": "pause", "selector": {"ids": ["slack/b", "slack/a"], "labels": {"tier": "1"}, "integration": "slack"},
    "for": "2h", "reason": " maintenance ", "drop": True,
}  # fmt: skip


@pytest.fixture
def send(serve, tmp_path):
    """Return a function that asks over the Unix socket and returns the status and the JSON."""
    serve(host=None, state_dir=tmp_path)

    def ask(method, value=None, query=(), **headers):
        connection = unix_connection(tmp_path, 5)
        body = None if value is None else json.dumps(value).encode()
        path = "/api/v1/overrides" + (f"?{urlencode(query)}" if query else "")
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        status, data = answer.status, json.loads(answer.read())
        connection.close()
        return status, data

    return ask


def test_pause_is_handed_on_whole(send, engine):
    status, item = send("POST", WHOLE)
    ((_, asked, by),) = engine.calls
    assert (status, by) == (201, ME)
    assert asked.selector == Selector.of(["slack/a", "slack/b"], {"tier": "1"}, "slack")
    assert (asked.kind, asked.seconds, asked.reason, asked.drop) == (OverrideKind.PAUSE, 7200, "maintenance", True)
    assert item["selected"] == "slack/a slack/b -l tier=1 --integration slack"
    assert item["configs"] == 1


def test_suspension_without_a_time_has_no_end(send):
    _, item = send("POST", {"kind": "suspend", "selector": {"all": True}})
    assert (item["until"], item["selector"]["all"]) == (None, True)


def test_what_is_in_force_is_listed(send):
    send("POST", WHOLE)
    status, page = send("GET")
    assert (status, [item["selected"] for item in page["items"]]) == (
        200, ["slack/a slack/b -l tier=1 --integration slack"]
    )  # fmt: skip


def test_resume_answers_with_what_has_ended(send, engine):
    send("POST", WHOLE)
    query = [("id", "slack/a"), ("id", "slack/b"), ("label", "tier=1"), ("reason", "done")]
    status, page = send("DELETE", query=query)
    assert (status, len(page["items"])) == (200, 1)
    assert engine.calls[-1] == ("lift", Selector.of(["slack/a", "slack/b"], {"tier": "1"}), ME, "done")


def test_resume_of_all_is_said(send, engine):
    assert send("DELETE", query=[("all", "true")])[0] == 200
    assert engine.calls[-1][1] == Selector()


@pytest.mark.parametrize(
    "query",
    [(), [("all", "false")], [("all", "yes")], [("ids", "a/b")], [("id", "a")], [("label", "x")], [("label", "a=1"), ("label", "a=2")],
     [("all", "true"), ("reason", "x" * 501)]],
)  # fmt: skip
def test_selector_that_makes_no_sense_resumes_nothing(send, engine, query):
    assert send("DELETE", query=query)[0] == 422
    assert engine.calls == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "stop"}, "kind"), ({"kind": None}, "kind"), ({"selector": None}, "selector"), ({"selector": {}}, "names nothing"),
        ({"selector": {"ids": ["slack"]}}, "ids"), ({"selector": {"ids": ["a/b"] * 101}}, "ids"), ({"selector": {"ids": [1]}}, "ids"),
        ({"selector": {"ids": "a/b"}}, "ids"), ({"selector": {"labels": {"a": 1}}}, "labels"), ({"selector": {"labels": ["a"]}}, "labels"),
        ({"selector": {"labels": {str(n): "" for n in range(21)}}}, "labels"), ({"selector": {"integration": 1}}, "integration"),
        ({"selector": {"all": 1}}, "all"), ({"selector": {"everything": True}}, "everything"), ({"for": 7}, "for"), ({"for": "31d"}, "30d"),
        ({"for": "0s"}, "1s"), ({"for": "long"}, "not a duration"), ({"reason": 1}, "reason"), ({"reason": "x" * 501}, "reason"),
        ({"drop": "yes"}, "drop"), ({"kind": "suspend"}, "drop"), ({"who": "root"}, "who"),
    ],
)  # fmt: skip
def test_body_that_makes_no_sense_is_422_and_named(send, engine, change, named):
    status, answer = send("POST", {**WHOLE, **change})
    assert (status, answer["error"]["code"], engine.calls) == (422, "invalid_body", [])
    assert named in answer["error"]["message"]


def test_unknown_configuration_is_404(send):
    assert send("POST", {"kind": "suspend", "selector": {"ids": ["slack/gone"]}})[0] == 404


def test_what_is_refused_is_409(send):
    assert send("POST", {**WHOLE, "reason": "too many"})[0] == 409


def test_what_cannot_be_written_is_503(send, engine):
    def impose(asked, who):
        raise StateError("the disk is full")

    engine.overrides.impose = impose
    status, answer = send("POST", WHOLE)
    assert (status, answer["error"]["message"]) == (503, "the disk is full")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_changing_needs_the_token_that_approving_needs(serve, engine, method):
    client = serve(token=Secret(TOKEN))
    body = json.dumps({"kind": "suspend", "selector": {"all": True}})
    ask = {"params": {"all": "true"}} if method == "DELETE" else {"content": body}
    assert client.request(method, "/api/v1/overrides", **ask).status_code == 401
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    assert client.request(method, "/api/v1/overrides", headers=headers, **ask).status_code in (200, 201)
    assert client.get("/api/v1/overrides").status_code == 200
    assert engine.calls[0][2] == "a token"


def test_claimed_name_stands_before_the_known_one(send, engine):
    send("POST", WHOLE, **{"Reconcile-User": "al%C3%ADce"})
    assert engine.calls[0][2] == f"alíce (as {ME})"


@pytest.mark.parametrize("claim", ["", "%00", "a (as root)", "x" * 65, "%1b[2J", ME])
def test_claim_that_is_no_name_is_left_out(send, engine, claim):
    send("POST", WHOLE, **{"Reconcile-User": claim})
    assert engine.calls[0][2] == ME


@pytest.mark.parametrize(
    ("state", "trusted", "claim", "told"),
    [
        ({"peer_uid": 0}, True, "", "root"),
        ({"peer_uid": 0}, True, "alice", "alice (as root)"),
        ({"peer_uid": 4_000_000_000}, True, "", "uid 4000000000"),
        ({"peer_uid": None}, True, "", "the Unix socket"),
        ({}, True, "alice", "alice (with the Unix socket)"),
        ({}, False, "alice", "alice (with a token)"),
    ],
)
def test_who(state, trusted, claim, told):
    assert who(state, {"reconcile-user": claim}, trusted=trusted) == told


def test_history_has_interventions_between_the_passes(client, engine):
    engine.overrides.done = [Intervention(InterventionKind.APPROVE, "abc123", "alice", 1_800_000_000.0)]
    items = client.get("/api/v1/history?limit=2").json()["items"]
    assert [item["kind"] for item in items] == ["intervention", "pass"]
    assert (items[0]["action"], items[0]["who"]) == ("approve", "alice")
