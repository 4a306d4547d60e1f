"""Log records and the daemon's story on stderr, for people and for machines."""

import io
import json
import logging
import sys

import pytest

from reconciler.cli import voice
from reconciler.cli.console import Fatal
from reconciler.cli.logs import configure_logging
from reconciler.model.state import PassRecord
from reconciler.report.ansi import PLAIN
from reconciler.report.log_format import HumanFormatter, JsonFormatter
from reconciler.report.story import daemon_event as said

PASSED = said.Passed(PassRecord(1, 0.0, 0.5, "files", 1, 1, ()))


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level = kept


def record(message, error=None):
    return logging.LogRecord("reconciler.x", logging.WARNING, "f", 1, message, (), error)


def failure():
    try:
        raise ValueError("no\x1b[2J")
    except ValueError:
        return sys.exc_info()


def test_human_line_is_safe():
    assert HumanFormatter(PLAIN).format(record("a\nb\x1b")) == r"warning reconciler.x: a\nb\x1b"


def test_human_traceback_is_indented_and_safe():
    lines = HumanFormatter(PLAIN).format(record("a", failure())).splitlines()
    assert all(line.startswith("    ") and line.isprintable() for line in lines[1:])
    assert lines[-1] == r"    ValueError: no\x1b[2J"


def test_json_record_is_one_object_a_line():
    text = JsonFormatter().format(record("a\nb", failure()))
    assert "\n" not in text
    assert {k: json.loads(text)[k] for k in ("level", "logger", "message")} == {
        "level": "warning", "logger": "reconciler.x", "message": "a\nb",
    }  # fmt: skip


@pytest.mark.parametrize(("log_format", "log_level"), [("xml", "info"), ("json", "loud")])
def test_unknown_name_ends_the_verb(log_format, log_level):
    with pytest.raises(Fatal):
        configure_logging(log_format, log_level)


@pytest.mark.parametrize(("lowest", "lines"), [(logging.INFO, ["! the disk is full"]), (logging.CRITICAL, [])])
def test_narrator_prints_what_the_level_lets_through(lowest, lines, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    narrator = voice.Narrator(lowest, stream)
    narrator.say(said.Alarm("the disk is full"))
    narrator.say(PASSED)
    assert stream.getvalue().splitlines() == lines


def test_json_story_carries_the_event(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging("json", "info")
    voice.say_json(said.Alarm("the disk is full"))
    voice.say_json(PASSED)
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["detail"] == {"event": "alarm", "message": "the disk is full", "over": False}
