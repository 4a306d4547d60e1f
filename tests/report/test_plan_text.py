"""A plan in the manner of Terraform, and the narration of a daemon."""

import pytest
from msgspec.structs import replace

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.override import Intervention, Override, OverrideKind, Selector
from reconciler.model.override import InterventionKind as Did
from reconciler.model.plan import Action, ActionKind, ActionReason, FieldChange, Outcome, OutcomeStatus, Plan
from reconciler.model.state import PassRecord
from reconciler.report.ansi import Palette
from reconciler.report.items import plan_item
from reconciler.report.plan_text import dotted, render_plan, value_text
from reconciler.report.story import daemon_event as said
from reconciler.report.story.narrate import level, narrate
from reconciler.report.story.narrate_json import narrate_json

CHANGES = (
    FieldChange(("settings", "channel"), "#a", "#b"),
    FieldChange(("settings", "headers", 0), None, {"x": [1]}, "added"),
    FieldChange(("settings", "token"), {"secret": "env:OLD"}, {"secret": "env:NEW"}),
    FieldChange(("labels", "tier"), "1", None, "removed"),
    FieldChange(("description",), "x" * 100, "y\x1b[2J"),
)
INITIALIZE = Action(ActionKind.INITIALIZE, "slack", ActionReason.FIRST_CONFIG)
START = Action(ActionKind.START, "slack/a", ActionReason.ADDED, None, "1" * 64)
UPDATE = Action(ActionKind.UPDATE, "slack/b", ActionReason.CHANGED, "1" * 64, "2" * 64, CHANGES)
REMOVE = Action(ActionKind.REMOVE, "webhook/gone", ActionReason.DELETED, "3" * 64, held=True)
PLAN = Plan((INITIALIZE, START, UPDATE, REMOVE))
FINDING = Diagnostic(
    "unknown-key", Severity.ERROR, "unknown key `chanel`", Span("slack/b.yaml", 7, 3, 7, 9), "did you mean `channel`?"
)
RECORD = PassRecord(1, 0.0, 0.5, "files", 1, 1, ())


def settled(action, status=OutcomeStatus.APPLIED, message=""):
    return said.Settled(Outcome(action, status, message, 0.1), "slack/b.yaml", 1)


STORY = [
    said.Started("1.0", "configs", ".reconcile", 4, "http://127.0.0.1:8787", "http://127.0.0.1:8787/?token=t"),
    said.StandingBy(".reconcile", 4711),
    said.StandingBy(".reconcile"),
    settled(INITIALIZE),
    settled(START),
    settled(UPDATE),
    said.Settled(Outcome(UPDATE, OutcomeStatus.FAILED, "the service said no"), "slack/b.yaml", 1, running=True),
    settled(INITIALIZE, OutcomeStatus.FAILED, "no route to host"),
    settled(START, OutcomeStatus.WAITING, "env:TOKEN is not set"),
    said.Settled(Outcome(UPDATE, OutcomeStatus.WAITING, "env:TOKEN is not set"), "slack/b.yaml", 1, running=True),
    settled(REMOVE),
    said.Many("slack", ActionKind.START, 9998, 0, 0),
    said.Many("slack", ActionKind.UPDATE, 60, 2, 3),
    said.Ready(4, 3, 1, 0.25),
    said.Ready(4, 4, 0, 0.25),
    said.Invalid("slack/b", (FINDING, FINDING), running=True),
    said.Invalid("slack/b", (), running=False),
    said.Intervened(Intervention(Did.SUSPEND, "-l tier=1", "alice (as root)", 0.0, "a freeze", 7200.0)),
    said.Intervened(Intervention(Did.PAUSE, "--all", "bob", 0.0, detail="deliveries are dropped")),
    said.Intervened(Intervention(Did.RAN_OUT, "-l tier=1", "", 7200.0, detail="suspended by alice")),
    said.Intervened(Intervention(Did.RESUME, "--all", "bob\x1b", 0.0, "all is well", detail="--all was paused by bob")),
    said.Intervened(Intervention(Did.APPROVE, "abc123", "carol", 0.0, detail="to remove: slack/a")),
    said.InForce(Override(1, OverrideKind.PAUSE, Selector(), "bob", "", 0.0), 3),
    said.Waits("slack/a", "alice", new=False, file="slack/a.yaml", line=1),
    said.Waits("slack/new", "alice", new=True),
    said.Valid("slack/b", "slack/b.yaml", 1),
    said.Found((FINDING,)),
    said.Cleared((FINDING,)),
    said.Held(PLAN, "5 of 6 configurations would be removed within 10 minutes"),
    said.Unheld(),
    said.Alarm("the disk is full"),
    said.Alarm("the disk is full", over=True),
    said.Passed(RECORD),
    said.Stopping("SIGTERM", 25.0),
    said.Stopped(0.5),
    said.Stopped(25.0, ("slack",)),
]


def test_plan_as_text(golden):
    golden("plan.txt", "".join(render_plan(plan_item(PLAN))))


def test_plan_in_colour(golden):
    golden("plan.ansi", "".join(render_plan(plan_item(PLAN), Palette(True))))


def test_suspended_action_is_marked():
    text = "".join(render_plan(plan_item(Plan((replace(START, suspended=True),)))))
    assert "[suspended]" in text
    assert "1 to start, 1 suspended" in text


def test_empty_plan_says_so():
    assert "".join(render_plan(plan_item(Plan()))) == "✓ Nothing to do: what runs is what the files ask for.\n"


def test_story_of_a_daemon(golden):
    golden("story.txt", "".join(f"{line}\n" for event in STORY for line in narrate(event)))


def test_sign_in_link_stays_out_of_the_log():
    assert "token" not in str(narrate_json(STORY[0]))


@pytest.mark.parametrize("event", STORY, ids=lambda event: type(event).__name__)
def test_every_event_has_level_and_json(event):
    assert level(event) in {"debug", "info", "warning", "error"}
    assert narrate_json(event)["event"] == type(event).__name__.lower()


def test_value_is_one_safe_line():
    assert value_text("a\nb\x1b") == '"a\\nb\\u001b"'
    assert value_text({"secret": "env:X", "format": "Bearer {}"}) == "secret(env:X)"
    assert len(value_text("x" * 1000)) == 60


def test_path_reads_as_people_write_it():
    assert dotted(("settings", "headers", 0, "x")) == "settings.headers[0].x"
    assert dotted(()) == "(document)"


def test_plan_says_what_an_action_waits_for():
    waits = replace(START, waits="the environment variable T\x1b is not set")
    lines = "".join(render_plan(plan_item(Plan((INITIALIZE, waits))))).splitlines()
    assert lines[1] == r"  + start      slack/a  added [waits: the environment variable T\x1b is not set]"
    assert lines[-1] == "Plan: 1 to start, 1 to initialize, 1 waiting for a secret"
