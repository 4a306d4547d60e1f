"""The FastAPI example: the engine lives as long as the application."""

import logging
import shutil

from fastapi.testclient import TestClient


def test_signal_of_the_host_reaches_the_integration(examples, tmp_path, wait_until, caplog):
    caplog.set_level(logging.INFO)
    from fastapi_app import create_app

    shutil.copytree(examples / "configs", tmp_path / "configs")
    app = create_app(tmp_path / "configs", tmp_path / "state")
    with TestClient(app) as client:
        assert client.get("/integrations").json() == ["reviews"]
        assert client.post("/reviews/42/publish").status_code == 202
        integration = app.state.manager.get_integration("reviews")
        wait_until(lambda: integration.said == ["A review is out: 42"])
    assert "A review is out: 42" in caplog.messages
    assert not integration.enabled


def test_two_runs_of_the_lifespan_leave_nothing_behind(examples, tmp_path):
    from fastapi_app import create_app, published

    shutil.copytree(examples / "configs", tmp_path / "configs")
    for _ in range(2):
        with TestClient(create_app(tmp_path / "configs", tmp_path / "state")) as client:
            assert client.get("/integrations").json() == ["reviews"]
        assert not published.receivers
