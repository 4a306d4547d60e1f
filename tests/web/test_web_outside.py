"""What hooks have put elsewhere, over HTTP: panels and the inventory of effects."""

from unittest.mock import ANY

import pytest

PANELS = "/api/v1/integrations/slack/panels"


@pytest.fixture
def trusted(serve):
    """A client that may change things."""
    return serve(trusted=True)


def test_panels_come_with_owner_title_and_fragment(client):
    answer = client.get(PANELS).json()
    assert answer["items"][0] == {
        "owner": "slack", "title": "Limits", "html": "&lt;b&gt;", "data": None, "error": "",
    }  # fmt: skip


def test_panels_of_an_unknown_integration_are_404(client):
    assert client.get("/api/v1/integrations/gone/panels").status_code == 404


def test_config_shows_its_effects(client, engine):
    engine.add("slack/a")
    effect = client.get("/api/v1/configs/slack/a").json()["effects"][0]
    assert effect == {"key": "webhook:a", "status": "held", "handle": {"id": 7}, "since": "2023-11-14T22:13:20.000Z"}


def test_forget_drops_the_effects_of_an_owner(trusted, engine):
    answer = trusted.post("/api/v1/forget", json={"id": "slack/a", "key": "webhook:a"})
    assert (answer.status_code, answer.json()["forgotten"]) == (200, 1)
    assert engine.calls == [("forget", "slack/a", "webhook:a", ANY)]


def test_forget_of_what_is_not_held_is_404(trusted):
    answer = trusted.post("/api/v1/forget", json={"id": "slack/gone"})
    assert (answer.status_code, "slack/gone" in answer.json()["error"]["message"]) == (404, True)


@pytest.mark.parametrize("value", [{}, [], {"id": ""}, {"id": 1}, {"id": "a", "key": 1}, {"id": "a", "more": 1}])
def test_other_bodies_of_forget_are_422(trusted, engine, value):
    assert trusted.post("/api/v1/forget", json=value).status_code == 422
    assert engine.calls == []


def test_forget_needs_signing_in(client, engine):
    assert client.post("/api/v1/forget", json={"id": "slack/a"}).status_code in (401, 403)
    assert engine.calls == []
