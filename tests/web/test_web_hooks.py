import asyncio

import pytest

from reconciler.model.errors import NotRunning
from reconciler.model.ports import Response
from reconciler.web.options import Limits

PATH = "/hooks/slack/builds/github"


@pytest.fixture
def opened(engine):
    """Return a function that opens the route with a coroutine function."""

    def add(handle, methods=("POST",)):
        engine.routes.add(PATH, methods, handle)

    return add


def test_hook_gets_the_request_as_it_came(client, opened):
    seen = []

    async def handle(request):
        seen.append(request)
        return Response(200, b"ok", "text/plain")

    opened(handle)
    answer = client.post(f"{PATH}?a=%20b", content=b"\x00raw", headers=[("X-Many", "1"), ("X-Many", "2")])
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain; charset=utf-8")
    assert (seen[0].method, seen[0].path, seen[0].query, seen[0].body) == ("POST", PATH, "a=%20b", b"\x00raw")
    assert seen[0].headers["x-many"] == "1, 2"


def test_get_needs_no_body(client, opened):
    async def handle(request):
        return Response(204)

    opened(handle, ("GET",))
    assert client.get(PATH).status_code == 204


def test_closed_route_is_404(client):
    assert client.post(PATH, content=b"").json()["error"]["code"] == "not_found"


def test_other_method_is_405_with_those_allowed(client, opened):
    opened(None, ("POST", "PUT"))
    answer = client.delete(PATH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT")


def test_oversize_body_never_reaches_the_hook(client, opened):
    async def handle(request):
        raise AssertionError

    opened(handle)
    assert client.post(PATH, content=b"x" * (1024 * 1024 + 1)).status_code == 413


def test_hook_that_does_not_answer_is_504(serve, opened):
    async def handle(request):
        await asyncio.Event().wait()

    opened(handle)
    assert serve(limits=Limits(hook_seconds=0.05)).post(PATH, content=b"").status_code == 504


def test_hook_of_a_stopping_engine_is_503(client, opened):
    async def handle(request):
        raise NotRunning("stopped")

    opened(handle)
    answer = client.post(PATH, content=b"")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("response", [Response(99), Response(700), Response(101)])
def test_status_that_is_none_is_500(client, opened, response):
    async def handle(request):
        return response

    opened(handle)
    assert client.post(PATH, content=b"").status_code == 500


def test_content_type_cannot_smuggle_headers(client, opened):
    async def handle(request):
        return Response(200, b"x", "text/html\r\nset-cookie: a=b")

    opened(handle)
    answer = client.post(PATH, content=b"")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in answer.headers


def test_body_of_an_answer_without_one_is_dropped(client, opened):
    async def handle(request):
        return Response(204, b"surplus")

    opened(handle)
    assert client.post(PATH, content=b"").status_code == 204
    assert client.get("/livez").status_code == 200


def test_route_that_is_not_open_yet_is_asked_for_again_later(client, engine):
    engine.ready = False
    answer = client.post("/hooks/builds/web/incoming")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
