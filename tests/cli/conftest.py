"""A daemon to talk to: a real HTTP server on a Unix socket that answers from values, and notes what it was asked."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

import pytest

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.override import Intervention, InterventionKind, Override, OverrideKind, Selector
from reconciler.model.plan import Action, ActionKind, ActionReason, Plan
from reconciler.model.state import (
    Condition,
    ConditionType,
    ConfigState,
    ConfigStatus,
    EngineStatus,
    IntegrationState,
    IntegrationStatus,
    PassRecord,
    StateReason,
    Tristate,
)
from reconciler.report import items

FINDING = Diagnostic("unknown-key", Severity.ERROR, "unknown key `x`", Span("slack/b.yaml", 1, 1, 1, 2), "remove it")


def config(name, state, *, stale=False, labels=None):
    bad = state is ConfigState.FAILED
    return ConfigStatus(
        f"slack/{name}", "slack", name, "Told to \x1b[31mops", True, state, StateReason.ERROR if bad else StateReason.NONE,
        "the service said no" if bad else "", stale, "a" * 64, "b" * 64 if stale else "a" * 64, f"slack/{name}.yaml", 1,
        labels or {}, {"team": ["web", "ops"]}, ("EventHook build.*",),
        (Condition(ConditionType.VALID, Tristate.TRUE, "Ok", "fine", 0.0),), (FINDING,) if bad else (),
    )  # fmt: skip


CONFIGS = [
    config("a", ConfigState.ACTIVE, labels={"tier": "1"}),
    config("b", ConfigState.FAILED),
    config("c", ConfigState.ACTIVE, stale=True),
]
INTEGRATION = IntegrationStatus("slack", "Slack", "Chat", IntegrationState.ACTIVE, StateReason.NONE, "", 2, (), ())
PASS = PassRecord(7, 0.0, 0.5, "files", 3, 3, ({"kind": "start", "key": "slack/a"},), held=1, errors=2)
PAUSE = Override(
    1, OverrideKind.PAUSE, Selector.of(labels={"tier": "1"}), "alice", "a \x1b[2J freeze", 0.0, 7200.0, True
)
DONE = [Intervention(InterventionKind.PAUSE, "-l tier=1", "alice", 1.0, "a freeze", 7200.0)]
STATUS = EngineStatus(
    "1.0", "/configs", "/state", 0.0, True, 7, 1.0, None, 0, {"active": 3}, {"active": 1}, 0,
    {"unrouted": 0.0, "pending": 2.0, "dead": 0.0, "oldest_seconds": 1.5}, (), ((PAUSE, 2),),
)  # fmt: skip
PLAN = Plan((Action(ActionKind.REMOVE, "slack/gone", ActionReason.DELETED, "c" * 64, held=True),))


class FakeDaemon:
    """What the daemon answers, by method and path, and what it was asked."""

    def __init__(self, state_dir):
        self.state_dir = state_dir
        self.asked = []
        self.answers = {
            "GET /api/v1/status": (200, items.status_item(STATUS)),
            "GET /api/v1/integrations": (200, {"items": [items.integration_item(INTEGRATION)], "next": None}),
            "GET /api/v1/configs": (
                200, {"items": [items.config_item(c) for c in CONFIGS[:2]], "next": "/api/v1/configs?after=slack%2Fb"}
            ),
            "GET /api/v1/configs?after": (200, {"items": [items.config_item(CONFIGS[2])], "next": None}),
            **{f"GET /api/v1/configs/{c.id}": (200, items.config_item(c)) for c in CONFIGS},
            "GET /api/v1/history": (200, {"items": items.history_items([PASS], DONE)}),
            "POST /api/v1/overrides": (201, {"format_version": 1, **items.override_item(PAUSE, 2)}),
            "DELETE /api/v1/overrides": (200, {"format_version": 1, "items": [items.override_item(PAUSE)], "next": None}),
            "GET /api/v1/plan": (200, items.plan_item(PLAN)),
            "POST /api/v1/approve": (200, {}),
            "POST /api/v1/retry": (202, None),
            "POST /events": (202, {"receipts": [{"sequence": 4, "duplicate": False}]}),
        }  # fmt: skip

    def answer(self, method, target, body, headers):
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        self.asked.append((method, url.path, query, json.loads(body) if body else None, headers))
        key = f"{method} {url.path}" + ("?after" if "after" in query else "")
        return self.answers.get(
            key, (404, {"error": {"code": "not_found", "message": f"there is nothing at {url.path}"}})
        )


class _Handler(BaseHTTPRequestHandler):
    def _do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, value = self.server.fake.answer(self.command, self.path, body, dict(self.headers))
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = _do

    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


@pytest.fixture
def fake(tmp_path):
    """A fake daemon on the Unix socket of `tmp_path`."""
    yield from _serve(FakeDaemon(tmp_path), _Unix, str(tmp_path / "reconcile.sock"))


@pytest.fixture
def deep(tmp_path, monkeypatch):
    """A fake daemon whose socket's path is longer than the kernel takes."""
    folder = tmp_path / ("d" * 100) / "state"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    yield from _serve(FakeDaemon(folder), _Unix, "reconcile.sock")


@pytest.fixture
def remote(tmp_path):
    """A fake daemon at a TCP port: `remote.url`."""
    yield from _serve(FakeDaemon(tmp_path), _Tcp, ("127.0.0.1", 0))


def _serve(fake, kind, address):
    with kind(address, _Handler) as server:
        server.fake = fake
        fake.url = f"http://127.0.0.1:{server.server_address[1]}" if kind is _Tcp else None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield fake
        server.shutdown()
        thread.join()
