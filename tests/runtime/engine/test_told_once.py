"""What is told while a configuration waits for its secret: once, and again when there is something new to tell."""

import pytest

from reconciler.compose.build import build_engine
from reconciler.compose.narrator import Narrator
from reconciler.compose.options import EngineOptions
from reconciler.core.in_force.lastgood import Effective
from reconciler.model.config import Desired, Presence
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus, Plan
from reconciler.model.state import PassRecord
from reconciler.report.story.daemon_event import Cleared, Found, Held, Many, Ready, Settled, Unheld
from reconciler.runtime.loop.world import ConfigRecord
from reconciler.testing.clock import VirtualClock

WAITS = "integration: webhook\nname: a\nsettings: {url: 'http://127.0.0.1:1/', signing_secret: {secret: 'file:%s'}}\n"


@pytest.fixture
def daemon(tmp_path, until):
    """An engine on virtual time over one configuration whose secret is missing: the engine, and what it told."""
    told = []
    narrator = Narrator(told.append)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(WAITS % "one")
    (tmp_path / "secrets").mkdir()
    clock = VirtualClock()
    options = EngineOptions(tmp_path / "configs", tmp_path / "state", secrets_dir=tmp_path / "secrets")
    engine = build_engine(options, narrator.listener(), clock=clock, watch=False)
    narrator.attach(engine)
    engine.start()

    def statuses():
        return [e.outcome.status for e in told if isinstance(e, Settled) and e.outcome.action.key == "webhook/a"]

    until(engine, clock, lambda: statuses())
    yield engine, clock, statuses
    engine.stop()


@pytest.fixture
def until():
    """Let virtual time pass until a condition holds."""
    import time

    def wait(engine, clock, condition):
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, "the condition did not come to hold"
            clock.let_wake(0.1)
            if engine.under_way or clock.next_due is None:
                time.sleep(0.001)
                clock.advance(0.001)
            else:
                clock.advance_to(clock.next_due)

    return wait


def appear(secret):
    """Write a secret by renaming it into place: half of it would be another one."""
    fresh = secret.with_suffix(".new")
    fresh.write_text("s3cret")
    fresh.replace(secret)


def test_secret_that_stays_missing_is_told_once(daemon, until, tmp_path):
    engine, clock, statuses = daemon
    later = clock.monotonic() + 20
    until(engine, clock, lambda: clock.monotonic() > later)
    appear(tmp_path / "secrets" / "one")
    until(engine, clock, lambda: OutcomeStatus.APPLIED in statuses())
    assert statuses() == [OutcomeStatus.WAITING, OutcomeStatus.APPLIED]


def test_edit_that_waits_for_another_secret_is_told(daemon, until, tmp_path):
    engine, clock, statuses = daemon
    (tmp_path / "configs" / "a.yaml").write_text(WAITS % "two")
    engine.look("test")
    until(engine, clock, lambda: len(statuses()) == 2)
    assert statuses() == [OutcomeStatus.WAITING, OutcomeStatus.WAITING]


def test_plan_says_what_a_start_waits_for_until_it_is_there(daemon, until, tmp_path):
    engine, clock, statuses = daemon
    (action,) = engine.plan().actions
    assert (action.kind, action.waits) == ("start", "file:one cannot be read: No such file or directory")
    appear(tmp_path / "secrets" / "one")
    until(engine, clock, lambda: OutcomeStatus.APPLIED in statuses())
    assert not engine.plan()


def test_start_without_its_root_is_ready_when_the_last_good_runs(tmp_path, until):
    root, clock = tmp_path / "configs", VirtualClock()
    root.mkdir()
    (root / "a.yaml").write_text("integration: webhook\nname: a\nsettings: {url: 'https://hooks.example.com'}\n")

    def life():
        told = []
        narrator = Narrator(told.append)
        engine = build_engine(EngineOptions(root, tmp_path / "state"), narrator.listener(), clock=clock, watch=False)
        narrator.attach(engine)
        engine.start()
        until(engine, clock, lambda: any(isinstance(event, Ready) for event in told))
        engine.stop()
        return next(event for event in told if isinstance(event, Ready))

    assert (life().configs, life().active) == (1, 1)
    root.rename(tmp_path / "gone")
    ready = life()
    assert (ready.configs, ready.active) == (1, 1)


def test_look_costs_in_proportion_to_what_is_wrong(tmp_path):
    hashed = [0]

    class Counted(Diagnostic, frozen=True):
        def __hash__(self):
            hashed[0] += 1
            return super().__hash__()

    class Engine:
        ready = False

        def diagnostics(self):
            return found

        def own_alarms(self):
            return ()

    number = 500
    found = [Counted("unknown-key", Severity.ERROR, "no such key", Span(f"{n}.yaml")) for n in range(number)]
    records = [
        ConfigRecord(f"diary/n{n}", Effective(Desired(f"diary/n{n}", Presence.INVALID, diagnostics=(found[n],)), None))
        for n in range(number)
    ]
    narrator = Narrator(lambda _: None)
    narrator.attach(Engine())
    narrator.listener().on_look(records)
    assert 0 < hashed[0] < 10 * number


def test_nothing_is_told_of_many_of_which_nothing_was_done(daemon):
    told = []
    narrator = Narrator(told.append)
    narrator.attach(daemon[0])
    listener = narrator.listener()
    actions = tuple(Action(ActionKind.START, f"slack/n{n}", ActionReason.ADDED, None, "d") for n in range(60))
    ended = PassRecord(1, 0.0, 0.0, "start", 0, 0, (), 0, 0)
    listener.on_plan(Plan(actions))
    listener.on_outcomes([Outcome(action, OutcomeStatus.WAITING, "no secret") for action in actions[:30]])
    listener.on_pass(ended)
    told.clear()
    listener.on_outcomes([Outcome(actions[0], OutcomeStatus.WAITING, "no secret")])
    listener.on_pass(ended)
    assert [event for event in told if isinstance(event, Many)] == []


def test_what_was_the_matter_is_told_to_be_over(tmp_path, until):
    root, clock, told = tmp_path / "configs", VirtualClock(), []
    root.mkdir()
    for number in range(5):
        (root / f"{number}.yaml").write_text(f"integration: console\nname: n{number}\n")
    narrator = Narrator(told.append)
    engine = build_engine(EngineOptions(root, tmp_path / "state"), narrator.listener(), clock=clock, watch=False)
    narrator.attach(engine)
    engine.start()

    def looked(what):
        engine.look("test")
        until(engine, clock, lambda: any(isinstance(event, what) for event in told))
        return next(event for event in told if isinstance(event, what))

    until(engine, clock, lambda: any(isinstance(event, Ready) for event in told))
    (root / "odd.yaml").write_text("a: [")
    found = looked(Found)
    (root / "odd.yaml").unlink()
    assert looked(Cleared).diagnostics == found.diagnostics
    texts = {path: path.read_text() for path in root.iterdir()}
    for path in texts:
        path.unlink()
    assert len(looked(Held).plan.held) == 5
    for path, text in texts.items():
        path.write_text(text)
    assert looked(Unheld)
    engine.stop()
