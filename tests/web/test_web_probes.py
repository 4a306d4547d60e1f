def test_process_that_answers_is_live(client, engine):
    engine.ready = False
    assert client.get("/livez").status_code == 200


def test_engine_whose_loop_hangs_is_not_live(client, engine):
    engine.live = False
    assert client.get("/livez").status_code == 503


def test_engine_is_ready_after_its_first_pass(client):
    assert client.get("/readyz").json() == {"ready": True}


def test_not_ready_gives_the_reason(client, engine):
    engine.ready, engine.passes = False, 0
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reason": "the first pass has not ended"}


def test_stopping_engine_is_not_ready(client, engine):
    engine.ready = False
    assert client.get("/readyz").json()["reason"] == "the engine stops"


def test_engine_that_tells_nothing_any_more_is_not_ready(client, engine):
    engine.ready, engine.status = False, lambda: 1 / 0
    assert client.get("/readyz").json() == {"ready": False, "reason": "the engine stops"}


def test_metrics_count_requests_by_route(serve):
    client = serve()
    client.get("/api/v1/configs/slack/a")
    client.get("/nowhere/at/all")
    client.request("PROPFIND", "/livez")
    text = client.get("/metrics").text
    assert (
        'reconcile_http_requests_total{code="404",method="GET",route="/api/v1/configs/{integration}/{name}"} 1.0'
        in text
    )
    assert 'reconcile_http_requests_total{code="404",method="GET",route="other"} 1.0' in text
    assert 'method="OTHER"' in text
    assert "nowhere" not in text
    assert "reconcile_http_request_duration_seconds_bucket" in text
