import pytest

from reconciler.model.delivery import Backlog
from reconciler.model.errors import NotRunning
from reconciler.model.secret import Secret
from reconciler.model.state import ConfigState


def test_config_list_has_its_fields(client, engine):
    engine.add("slack/a", message="fine")
    (item,) = client.get("/api/v1/configs").json()["items"]
    assert item["id"] == "slack/a"
    assert item.keys() >= {
        "id", "integration", "name", "enabled", "state", "reason", "message", "stale", "digest", "desired_digest",
        "file", "line", "conditions",
    }  # fmt: skip


def test_config_says_what_waits_for_it(client, engine):
    engine.add("slack/a", "slack/b")
    engine.waiting = {"slack/a": Backlog(3, 1_700_000_000.0)}
    found = [item["deliveries"] for item in client.get("/api/v1/configs").json()["items"]]
    assert found == [
        {"pending": 3, "next_attempt": "2023-11-14T22:13:20.000Z"}, {"pending": 0, "next_attempt": None},
    ]  # fmt: skip
    assert client.get("/api/v1/configs/slack/a").json()["deliveries"] == found[0]


def test_config_is_told_although_the_queue_does_not_answer(client, engine):
    engine.add("slack/a")
    engine.backlog = broken
    assert client.get("/api/v1/configs/slack/a").json()["deliveries"] is None


def broken():
    raise NotRunning("queue.db is closed")


def test_pages_give_everything_once(client, engine):
    ids = [f"slack/c{number:03}" for number in range(250)]
    engine.add(*ids)
    path, seen, pages = "/api/v1/configs?limit=100", [], 0
    while path:
        page = client.get(path).json()
        seen += [item["id"] for item in page["items"]]
        path, pages = page["next"], pages + 1
    assert (seen, pages) == (ids, 3)


def test_exactly_full_page_has_no_next(client, engine):
    engine.add("slack/a", "slack/b")
    assert client.get("/api/v1/configs?limit=2").json()["next"] is None


def test_default_page_holds_a_hundred(client, engine):
    engine.add(*(f"slack/c{number:03}" for number in range(101)))
    page = client.get("/api/v1/configs").json()
    assert len(page["items"]) == 100
    assert page["next"] == "/api/v1/configs?limit=100&after=slack%2Fc099"


def test_page_goes_on_where_a_config_has_gone_meanwhile(client, engine):
    engine.add("slack/a", "slack/c")
    page = client.get("/api/v1/configs", params={"after": "slack/b"}).json()
    assert [item["id"] for item in page["items"]] == ["slack/c"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("integration=slack", ["slack/a", "slack/b"]),
        ("integration=slac", []),
        ("integration=slack&after=slack/a", ["slack/b"]),
        ("state=failed", ["slack/b"]),
        ("stale=true", ["slack-two/a"]),
        ("stale=false", ["email/a", "slack/a", "slack/b"]),
        ("label=tier=1", ["slack/a"]),
        ("label=tier=1&label=team=a=b", ["slack/a"]),
        ("label=tier=1&label=team=x", []),
        ("label=gone=", []),
    ],
)
def test_filters(client, engine, query, found):
    engine.add("email/a")
    engine.add("slack/a", labels={"tier": "1", "team": "a=b"})
    engine.add("slack/b", state=ConfigState.FAILED)
    engine.add("slack-two/a", stale=True)
    assert [item["id"] for item in client.get(f"/api/v1/configs?{query}").json()["items"]] == found


def test_filters_go_along_to_the_next_page(client, engine):
    engine.add("slack/a", "slack/b", labels={"team": "a=b"})
    path = client.get("/api/v1/configs?limit=1&integration=slack&label=team=a%3Db&stale=false&state=active").json()[
        "next"
    ]
    assert path == (
        "/api/v1/configs?limit=1&after=slack%2Fa&state=active&integration=slack&stale=false&label=team%3Da%3Db"
    )
    assert client.get(path).json() == {"format_version": 1, "items": client.get(path).json()["items"], "next": None}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "limit=",
        "state=fine",
        "stale=yes",
        "label=x",
        "label==x",
        "colour=red",
    ],
)
def test_bad_parameter_is_422_and_named(client, query):
    answer = client.get(f"/api/v1/configs?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_parameter")
    assert f"'{query.partition('=')[0]}'" in answer.json()["error"]["message"]


def test_one_config(client, engine):
    engine.add("slack/a")
    assert client.get("/api/v1/configs/slack/a").json()["id"] == "slack/a"


def test_misspelt_config_is_told_the_nearest(client, engine):
    engine.add("slack/operations", "email/operation")
    told = client.get("/api/v1/configs/slack/operation").json()["error"]["message"]
    assert told == "no configuration is known as 'slack/operation': did you mean `slack/operations`?"


def test_one_integration(client):
    assert client.get("/api/v1/integrations/slack").json()["state"] == "active"


@pytest.mark.parametrize("path", ["configs/slack/gone", "integrations/gone", "nothing", "configs/", "configs/a/b/c"])
def test_unknown_is_404_as_json(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/api/v1/configs"), ("GET", "/events"), ("TRACE", "/livez")])
def test_other_method_is_405_as_json(serve, method, path):
    client = serve(token=Secret("0123456789abcdef"))
    answer = client.request(method, path, headers={"authorization": "Bearer 0123456789abcdef"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"]


def test_history_is_limited(client):
    assert [item["number"] for item in client.get("/api/v1/history?limit=2").json()["items"]] == [2, 1]
    assert client.get("/api/v1/history?limit=1001").status_code == 422


def test_answers_carry_the_security_headers(client):
    headers = client.get("/api/v1/status").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_failure_of_the_engine_is_500_without_detail(client, engine, caplog):
    engine.plan = lambda: 1 / 0
    answer = client.get("/api/v1/plan")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "ZeroDivisionError" not in answer.text
    assert "GET /api/v1/plan failed" in caplog.text


@pytest.mark.parametrize(("error", "code"), [(NotRunning("stopped"), "stopping"), (TimeoutError(), "slow")])
@pytest.mark.parametrize("path", ["plan", "history"])
def test_engine_that_stops_or_hangs_is_503(client, engine, error, code, path):
    def fail(*args):
        raise error

    engine.plan = engine.history = fail
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, code)
    assert answer.headers["retry-after"] == "5"
