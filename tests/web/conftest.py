"""A small engine in memory behind a real server, on TCP and on the Unix socket."""

from concurrent.futures import Future
from contextlib import ExitStack

import httpx2
import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.effect import EffectRow, EffectStatus
from reconciler.model.errors import OverrideRefused, UnknownTarget
from reconciler.model.override import Override
from reconciler.model.panel import PanelView
from reconciler.model.plan import Action, ActionKind, ActionReason, FieldChange, Plan
from reconciler.model.ports import Receipt
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
from reconciler.runtime.lanes.routes import RouteTable
from reconciler.runtime.telling.instruments import Instruments
from reconciler.runtime.telling.metric_registry import keep_registered
from reconciler.web.options import WebOptions
from reconciler.web.server import WebServer

MOMENT = 1_700_000_000.0


def done(value):
    future = Future()
    future.set_result(value)
    return future


def config_status(config_id, **changes):
    integration, _, name = config_id.partition("/")
    finding = Diagnostic("unknown-key", Severity.WARNING, "unknown key 'x'", Span("a.yaml", 3, 1, 3, 2), path=("x",))
    condition = Condition(ConditionType.VALID, Tristate.TRUE, "Valid", "", MOMENT)
    status = ConfigStatus(
        config_id, integration, name, "", True, ConfigState.ACTIVE, StateReason.NONE, "", False, "d1", "d1",
        "a.yaml", 1, {}, {"team": ["web"]}, ("EventHook",), (condition,), (finding,),
        effects=(EffectRow(config_id, "webhook:a", EffectStatus.HELD, {"id": 7}, MOMENT),),
    )  # fmt: skip
    return replace(status, **changes)


class MemoryOverrides:
    """OverridesView over a list; whoever asks is noted in `calls`."""

    def __init__(self, calls):
        self.calls = calls
        self.in_force = []
        self.done = []

    def impose(self, asked, who):
        self.calls.append(("impose", asked, who))
        if asked.selector.ids == ("slack/gone",):
            raise UnknownTarget("no configuration is known as 'slack/gone'")
        if asked.reason == "too many":
            raise OverrideRefused("too many")
        until = MOMENT + asked.seconds if asked.seconds else None
        override = Override(1, asked.kind, asked.selector, who, asked.reason, MOMENT, until, asked.drop)
        self.in_force.append(override)
        return override, 1

    def lift(self, selector, who, reason=""):
        self.calls.append(("lift", selector, who, reason))
        ended, self.in_force = self.in_force, []
        return ended

    def listed(self):
        return [(override, 1) for override in self.in_force]

    def history(self, limit):
        return done(self.done[:limit])


class MemoryOutside:
    """OutsideView: what is asked goes to `calls`; the owners in `known` have one effect each."""

    def __init__(self, calls, known):
        self.calls, self.known = calls, known

    def forget(self, owner, key, who):
        self.calls.append(("forget", owner, key, who))
        return 1 if owner in self.known else 0

    def panels(self, integration_id):
        return done([PanelView(integration_id, "Limits", html="&lt;b&gt;"), PanelView("slack/a", "Rows", data=[1])])


class MemoryEngine:
    """EngineView over plain attributes; events go to `events`, and `store` decides what publishing gives."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Be as new, also in what a test has put in the place of methods: the servers of all tests share one engine, for starting one takes longer than most tests."""
        vars(self).clear()
        self.routes = RouteTable()
        self.instruments, self.metrics = Instruments(), CollectorRegistry()
        keep_registered(self.instruments, self.metrics)
        self.live = self.ready = True
        self.passes = 1
        self.known = {}
        self.waiting = {}
        self.events = []
        self.calls = []
        self.overrides = MemoryOverrides(self.calls)
        self.outside = MemoryOutside(self.calls, {"slack/a"})
        self.retryable = {"slack/a", "slack"}
        self.held = "abc123"
        self.store = self._store

    def _store(self, events):
        first = len(self.events) + 1
        self.events.extend(events)
        return done([Receipt(first + index) for index in range(len(events))])

    def add(self, *ids, **changes):
        for config_id in ids:
            self.known[config_id] = config_status(config_id, **changes)

    def status(self):
        return EngineStatus(
            "1.2.3", "/configs", "/state", MOMENT, self.ready, self.passes, MOMENT if self.passes else None, None, 0,
            {"active": len(self.known)}, {"active": 1}, 0, {"pending": 0, "oldest_seconds": 0.5}, ("the disk is full",),
            tuple((override, 1) for override in self.overrides.in_force),
        )  # fmt: skip

    def integrations(self):
        return [
            IntegrationStatus(
                "slack", "Slack", "Chat", IntegrationState.ACTIVE, StateReason.NONE, "", len(self.known), (), ()
            )
        ]

    def config_ids(self):
        return sorted(self.known)

    def config(self, config_id):
        return self.known.get(config_id)

    def backlog(self):
        return done(self.waiting)

    def plan(self):
        change = FieldChange(("settings", "channel"), "#a", "#b")
        return Plan((Action(ActionKind.UPDATE, "slack/a", ActionReason.CHANGED, "d1", "d2", (change,)),))

    def history(self, limit):
        record = PassRecord(1, MOMENT, 0.5, "start", 1, 1, ({"kind": "start", "key": "slack/a"},))
        return done([replace(record, number=number) for number in range(limit, 0, -1)])

    def publish(self, events):
        return self.store(events)

    def look(self, trigger):
        self.calls.append(("look", trigger))

    def retry(self, key, who):
        self.calls.append(("retry", key, who))
        return key in self.retryable

    def retry_all(self, selector, who):
        self.calls.append(("retry_all", str(selector), who))
        if selector.integration == "gone":
            raise UnknownTarget("no integration is registered as 'gone'")
        return len(self.known)

    def approve(self, digest, who):
        self.calls.append(("approve", digest, who))
        return digest == self.held


@pytest.fixture(scope="module")
def shared():
    """Return the engine, and a client of a server that lives as long as the tests of one file do."""
    engine = MemoryEngine()
    with ExitStack() as stack:
        yield engine, _serve(stack, engine, WebOptions(port=0))


def _serve(stack, engine, options):
    server = WebServer(engine, options)
    server.start()
    stack.callback(server.stop, 2)
    base = f"http://127.0.0.1:{server.port}"
    client = stack.enter_context(httpx2.Client(base_url=base, timeout=10, trust_env=False))
    client.port = server.port
    return client


@pytest.fixture
def engine(shared):
    shared[0].reset()
    return shared[0]


@pytest.fixture
def client(shared, engine):
    return shared[1]


@pytest.fixture
def serve(engine):
    """Return a function that starts a server with these options and returns a client of its TCP port."""
    with ExitStack() as stack:
        yield lambda **options: _serve(stack, engine, WebOptions(**{"port": 0, **options}))
