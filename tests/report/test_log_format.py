"""Log lines: one for each record, of bounded length, with known names, and nothing that a message could forge."""

import json
import logging
import re

import pytest

from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.model.secret import Secret
from reconciler.report.ansi import PLAIN
from reconciler.report.log_fields import ALWAYS, FIELDS, story_fields
from reconciler.report.log_format import LONGEST_MESSAGE, LONGEST_TRACE, HumanFormatter, JsonFormatter
from reconciler.report.story import daemon_event as said


def record(message="m", raised=None, **fields):
    info = (type(raised), raised, raised.__traceback__) if raised is not None else None
    made = logging.LogRecord("reconciler.x", logging.WARNING, "f", 1, message, (), info)
    made.fields = fields
    return made


def line(*args, **fields):
    text = JsonFormatter().format(record(*args, **fields))
    assert "\n" not in text
    return json.loads(text)


def test_every_record_has_the_standard_names():
    found = line("it is")
    assert tuple(found) == ALWAYS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["timestamp"])


def test_known_fields_stand_beside_the_message_and_others_beneath_extra():
    found = line("m", **{"pass": 3, "config": "slack/a", "color": "red", "extra": {"size": 1}})
    assert (found["pass"], found["config"], found["extra"]) == (3, "slack/a", {"color": "red", "size": 1})


@pytest.mark.parametrize("name", [*ALWAYS, "traceback"])
def test_no_field_of_others_takes_the_place_of_ours(name):
    assert line("m", extra={name: "forged"}).get(name) != "forged"
    assert line("m", **{name: "forged"} if name != "message" else {}).get(name) != "forged"


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "a\u2028b", "a\x00b", "a\x1b[2Jb", "a\u202eb", 'a"}{"b', "a\ud800b"]
)
def test_message_stays_on_its_line(text):
    assert line(text)["message"] == text
    human = HumanFormatter(PLAIN).format(record(text, delivery=text))
    assert len(human.splitlines()) == 1
    assert human.isprintable()


def test_length_is_bounded():
    found = line("m" * 100_000, error="e" * 100_000, detail={"event": "held", "plan": ["x" * 100] * 10_000})
    assert (len(found["message"]), len(found["error"])) == (LONGEST_MESSAGE, 1024)
    assert found["detail"] == {"event": "held", "cut": True}
    assert len(HumanFormatter(PLAIN).format(record("m" * 100_000))) < LONGEST_MESSAGE + 100


def test_traceback_keeps_its_end():
    error = ValueError("x" * LONGEST_TRACE + "the end")
    trace = JsonFormatter().format(record("m", error))
    assert json.loads(trace)["traceback"].endswith("the end")
    assert len(trace) < LONGEST_TRACE + 1000


def test_what_cannot_be_json_is_told_all_the_same():
    loop = {}
    loop["self"] = loop
    assert line("m", extra=loop)["extra"] == {"cut": True}
    assert line("m", error=Secret("s3cret"), extra={"token": Secret("s3cret")})["message"] == "m"
    assert "s3cret" not in str(line("m", error=Secret("s3cret"), extra={"token": Secret("s3cret")}))


def test_person_sees_the_ids_behind_the_message():
    fields = {"pass": 3, "delivery": "98001da5e71375c602816dc28b171cef", "attempt": 2, "config": "slack/a"}
    text = HumanFormatter(PLAIN).format(record("slack/a: failed", **fields))
    assert text == "warning reconciler.x: slack/a: failed (pass 3, delivery 98001da5e713…, attempt 2)"


def test_time_of_day_is_for_terminals():
    assert re.match(r"\d\d:\d\d:\d\d warning ", HumanFormatter(PLAIN, timed=True).format(record()))


def test_story_is_told_by_the_same_names():
    action = Action(ActionKind.START, "slack/a", ActionReason.ADDED)
    event = said.Settled(Outcome(action, OutcomeStatus.FAILED, "no", 0.25), number=7)
    assert story_fields(event) == {
        "pass": 7, "integration": "slack", "config": "slack/a", "action": "start", "reason": "Added",
        "status": "failed", "duration_seconds": 0.25, "error": "no",
    }  # fmt: skip
    assert set(story_fields(event)) <= set(FIELDS)
