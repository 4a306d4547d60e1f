import asyncio
import hmac
import logging
import threading
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from reconciler.model.descriptor import Descriptor, RouteDeclaration
from reconciler.model.errors import DeadlineExceeded, HookError, TerminalError, TransientError, UndeclaredHook
from reconciler.model.event import Event
from reconciler.model.ports import Request, Response, StopReason, Where
from reconciler.model.secret import Secret
from reconciler.sdk import RouteHook
from reconciler.sdk.hooks.base import HookSet
from reconciler.sdk.signatures import HmacVerifier, unsigned

PATH = "/hooks/slack/builds/github"


def signed(body=b"{}"):
    signature = "sha256=" + hmac.new(b"s", body, "sha256").hexdigest()
    return Request("POST", PATH, "", {"x-hub-signature-256": signature}, body)


PLAIN = Request("POST", PATH, "", {}, b"{}")


@pytest.fixture
def ask(owner, host, start):
    """Return a function that opens the route with this handler and returns a function that sends a request."""

    def open_route(handle, verify=None):
        start(RouteHook(owner, "github", handle, verify=verify or unsigned()))
        return lambda request=PLAIN: host.request(PATH, request)

    return open_route


def raising(error):
    def handle(request):
        raise error

    return handle


def test_response_of_the_handler_is_the_answer(ask):
    assert ask(lambda request: Response(200, request.body))() == Response(200, b"{}")


def test_async_handler_runs_in_the_lane(ask):
    async def handle(request):
        await asyncio.sleep(0)
        return Response(200, str(threading.current_thread() is threading.main_thread()).encode())

    assert ask(handle)().body == b"False"


def test_event_is_published_before_202(ask, host):
    event = Event("push", "github")
    assert ask(lambda request: event)().status == 202
    assert host.published == [event]


def test_none_is_204(ask):
    assert ask(lambda request: None)() == Response(204)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("secret detail"), 500),
        (TransientError("secret detail"), 503),
        (TerminalError("secret detail"), 422),
        (DeadlineExceeded("secret detail"), 504),
    ],
)
def test_failing_handler_is_reported_and_its_detail_kept(ask, host, error, status):
    answer = ask(raising(error))()
    assert answer == Response(status)
    assert host.reports == [(f"RouteHook POST {PATH}", error)]


def test_event_that_cannot_be_stored_is_not_accepted(ask, host, monkeypatch):
    failed = Future()
    failed.set_exception(OSError("disk full"))
    monkeypatch.setattr(host, "publish", lambda event: failed)
    assert ask(lambda request: Event("push", "github"))().status == 503


def test_other_results_are_reported(ask, host):
    assert ask(lambda request: {"ok": True})().status == 500
    assert "not dict" in str(host.reports[0][1])


def test_genuine_signature_is_let_in(ask):
    assert ask(lambda request: None, HmacVerifier(Secret("s")))(signed()).status == 204


def test_wrong_signature_never_reaches_the_handler(ask, host):
    called = []
    send = ask(called.append, HmacVerifier(Secret("other")))
    assert send(signed()) == Response(401)
    assert send(PLAIN) == Response(401)
    assert called == []
    assert host.reports == []


def test_replayed_request_is_refused(ask):
    send = ask(lambda request: None, HmacVerifier(Secret("s")))
    assert [send(signed()).status, send(signed()).status] == [204, 401]


def test_request_that_was_not_handled_may_be_sent_again(ask):
    answers = [RuntimeError("down"), None]

    def handle(request):
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    send = ask(handle, HmacVerifier(Secret("s")))
    assert [send(signed()).status, send(signed()).status, send(signed()).status] == [500, 204, 401]


def test_failing_verifier_refuses_and_is_reported(ask, host):
    verifier = SimpleNamespace(verify=raising(ValueError("no")))
    verifier.verify = lambda request, now: 1 / 0
    assert ask(lambda request: None, verifier)() == Response(401)
    assert [(what, type(error)) for what, error in host.reports] == [
        ("the verifier of /hooks/slack/builds/github", ZeroDivisionError)
    ]


def test_verifier_that_hangs_refuses(ask, host, monkeypatch):
    failed = Future()
    failed.set_exception(DeadlineExceeded("too slow"))
    monkeypatch.setattr(host, "call", lambda function, *args: failed)
    assert ask(lambda request: None, SimpleNamespace(verify=None))() == Response(401)


def test_refusals_are_logged_once_a_minute_without_traceback(ask, host, caplog):
    send = ask(lambda request: None, HmacVerifier(Secret("s")))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            send(PLAIN)
        host.clock.advance(61)
        send(PLAIN)
    assert [record.getMessage() for record in caplog.records] == [
        f"{PATH} refused 1 requests; the last one: a header of the signature is missing",
        f"{PATH} refused 5 requests; the last one: a header of the signature is missing",
    ]
    assert not any(record.exc_info for record in caplog.records)


def test_stop_closes_the_route_and_refuses_late_requests(owner, host):
    hook = RouteHook(owner, "github", lambda request: None, verify=unsigned())
    hook.start(host)
    late = host.routes[PATH][1]
    hook.stop(StopReason.REMOVED)
    assert host.routes == {}
    assert asyncio.run(late(PLAIN)).status == 404


def test_stop_awaits_requests_in_flight(owner, host):
    entered, release = threading.Event(), threading.Event()

    def handle(request):
        entered.set()
        release.wait(20)

    hook = RouteHook(owner, "github", handle, verify=unsigned())
    hook.start(host)
    answers = []
    sender = threading.Thread(target=lambda: answers.append(host.request(PATH, PLAIN)))
    sender.start()
    entered.wait(20)
    hook._calls.patience = 0.01
    with pytest.raises(HookError, match="1 requests"):
        hook.stop(StopReason.REMOVED)
    release.set()
    sender.join(20)
    hook.stop(StopReason.REMOVED)
    assert answers[0].status == 204


def test_routes_of_an_integration_have_no_config_in_their_path(owner):
    own = SimpleNamespace(hook_set=HookSet("slack", owner.hook_set.descriptor))
    assert RouteHook(own, "/github", print, verify=unsigned()).path == "/hooks/slack/github"


@pytest.mark.parametrize(
    ("path", "methods"), [("gitlab", ("POST",)), ("github", ("GET",)), ("github", ()), ("", ("POST",))]
)
def test_undeclared_route_is_refused_at_construction(owner, path, methods):
    with pytest.raises(UndeclaredHook, match=r"slack/builds: the route .*declared: POST/PUT /github"):
        RouteHook(owner, path, print, methods=methods, verify=unsigned())
    assert owner.hook_set.hooks == ()


def test_one_string_for_methods_is_refused(owner):
    with pytest.raises(TypeError, match="sequence"):
        RouteHook(owner, "github", print, methods="POST", verify=unsigned())


def test_verifier_is_required(owner):
    with pytest.raises(TypeError, match="verify"):
        RouteHook(owner, "github", print)


def test_it_is_not_exclusive_and_lives_everywhere(owner):
    hook = RouteHook(owner, "github", print, methods=("put", "post"), verify=unsigned())
    assert hook.exclusive is None  # a new version opens its route over the old one
    assert hook.describe() == f"RouteHook PUT,POST {PATH}"
    assert hook.where is Where.EVERYWHERE


def of_setting(owner_key="slack/builds", **values):
    """Open a route that is named after a setting."""
    descriptor = Descriptor("slack", "Slack", routes=(RouteDeclaration("in/{settings.path}"),))
    owner = SimpleNamespace(hook_set=HookSet(owner_key, descriptor), values=values, settings=SimpleNamespace(path=None))
    return RouteHook(owner, "in/{settings.path}", lambda request: None, verify=unsigned())


def test_route_named_after_a_setting_is_beneath_the_integration():
    assert of_setting(path="/ci").path == "/hooks/slack/in/ci"


@pytest.mark.parametrize(("values", "reason"), [({}, "that is not set"), ({"path": "../up"}, "expected letters")])
def test_setting_that_names_no_route_is_refused(values, reason):
    with pytest.raises(TerminalError, match=reason):
        of_setting(**values)


def test_route_of_an_integration_has_no_setting_in_it():
    with pytest.raises(HookError, match="belongs to a configuration"):
        of_setting("slack", path="x")
