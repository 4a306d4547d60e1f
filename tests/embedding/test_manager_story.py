"""What a manager tells its host through logging: the daemon's story, as records of `reconciler.story`."""

import logging
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from reconciler.model.plan import Outcome
from reconciler.runtime.listener import Listener
from reconciler.sdk import Integration
from reconciler.testing import Harness

STORY = "reconciler.story"


class NoteSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = ""
    token: SecretStr | None = None


class Notes(Integration):
    integration_id = "notes"
    Settings = NoteSettings

    def config_enabled(self, config) -> None:
        if config.settings.text == "fails":
            raise OSError("the notebook is full")


def note(name: str, **settings: Any) -> dict[str, Any]:
    return {"integration": "notes", "name": name, "settings": settings}


@pytest.fixture
def story(caplog):
    """Return the records since it was asked last, as (level, message)."""
    caplog.set_level(logging.INFO)

    def told():
        records = [record for record in caplog.records if record.name == STORY]
        caplog.clear()
        return [(record.levelname, record.getMessage()) for record in records]

    return told


@pytest.fixture
def harness():
    with Harness(Notes) as running:
        yield running


def test_start_and_stop_are_told(story):
    with Harness(Notes) as running:
        running.write("a.yaml", note("a"))
        told = story()
        assert ("INFO", "notes/a started — added (a.yaml:1)") in told
        assert any(text.startswith("reconcile ") and "watching" in text and "; state in " in text for _, text in told)
        assert any(text.startswith("ready: 0 of 0 configurations active") for _, text in told)
    (last,) = story()
    assert last[0] == "INFO" and last[1].startswith("stopped in ")


def test_file_that_is_broken_while_it_runs_is_an_error_and_told_once(harness, story):
    harness.write("a.yaml", note("a", text="one"))
    story()
    harness.write("a.yaml", note("a", texd="two"))
    ((level, text),) = story()
    assert (level, text.startswith("notes/a invalid — a.yaml:4:3: ")) == ("ERROR", True)
    assert text.endswith("(the last good version runs on)")
    harness.settle()
    assert story() == []
    harness.write("a.yaml", note("a", text="one"))
    assert story() == [("INFO", "notes/a is valid again and runs as its file asks (a.yaml:1)")]


def test_file_of_no_configuration_and_unknown_integration_are_errors(harness, story):
    harness.write("a.yaml", "integration: [", settle=False)
    harness.write("b.yaml", {"integration": "nodes", "name": "b"})
    told = story()
    assert [level for level, _ in told if level == "ERROR"] == ["ERROR", "ERROR"]
    assert any("a.yaml" in text for _, text in told) and any("nodes/b invalid" in text for _, text in told)


def test_failure_carries_the_fields_of_other_records(harness, caplog):
    harness.write("a.yaml", note("a", text="fails"))
    (failed,) = [r for r in caplog.records if r.name == STORY and r.levelno == logging.ERROR]
    assert failed.getMessage().startswith("notes/a did not start — ")
    assert failed.fields["config"] == "notes/a" and failed.fields["integration"] == "notes"
    assert (failed.fields["action"], failed.fields["status"]) == ("start", "failed")
    assert "the notebook is full" in failed.fields["error"]
    assert failed.fields["detail"]["event"] == "settled"


def test_held_removals_name_the_call_that_lets_them_go(harness, story):
    for n in range(5):
        harness.write(f"{n}.yaml", note(f"n{n}"), settle=n == 4)
    story()
    for n in range(5):
        harness.delete(f"{n}.yaml", settle=n == 4)
    digest = harness.manager.engine.status().held_digest
    ((level, text),) = [one for one in story() if "held" in one[1]]
    assert (level, text.startswith("5 removals held — ")) == ("WARNING", True)
    assert text.endswith(f"let them go with: manager.approve('{digest}')")


def test_many_that_break_together_are_told_in_part_and_counted(harness, story):
    for n in range(60):
        harness.write(f"{n}.yaml", note(f"n{n}", texd="odd"), settle=n == 59)
    told = story()
    assert len([text for _, text in told if " invalid — " in text]) == 50
    assert ("ERROR", "and 10 more: invalid") in told


def test_thousands_of_starts_are_few_records(story):
    with Harness(Notes) as running:
        running.write("many.yaml", "".join(f"---\nintegration: notes\nname: n{n}\n" for n in range(2000)))
        told = story()
    assert ("INFO", "notes: 2,000 configurations started") in told
    assert len(told) < 10


def test_literal_secret_stands_in_no_record(caplog):
    caplog.set_level(logging.DEBUG)
    with Harness(Notes, allow_plaintext_secrets=True) as running:
        running.write("a.yaml", note("a", token="sesame-one", text="fails"))
        running.write("a.yaml", note("a", token="sesame-two", text="two"))
        running.manager.overrides.suspend("notes/a", lasting="1h")
        running.write("a.yaml", note("a", token="sesame-three", text="three"))
        running.manager.overrides.resume("notes/a")
        running.write("a.yaml", note("a", token="sesame-four", text="four"))
        running.write("a.yaml", note("a", token="sesame-five", texd="sesame-five"))
        running.write("b.yaml", note("b", token={"secret": "sesame-six"}))
    told = [record for record in caplog.records if record.name == STORY]
    assert any("four" in record.getMessage() for record in told)
    assert [vars(record) for record in told if "sesame" in str(vars(record))] == []


def test_listener_of_the_host_hears_beside_the_log_and_fails_alone(story):
    def fails(_):
        raise OSError("the host's")

    with Harness(Notes) as running:
        outcomes: list[Outcome] = running.outcomes
        running.stop()
        running.manager._listener = Listener(on_look=fails, on_outcomes=outcomes.extend)
        running.write("a.yaml", note("a"), settle=False)
        running.start()
    assert [outcome.action.key for outcome in outcomes] == ["notes", "notes/a"]
    assert ("INFO", "notes/a started — added (a.yaml:1)") in story()


class Broken(logging.Handler):
    """A handler of a host's that raises, whatever it is given."""

    def emit(self, record):
        raise OSError("the host's log is full")


def test_handler_that_raises_holds_nothing_up(harness):
    handler = Broken()
    logging.getLogger(STORY).addHandler(handler)
    try:
        harness.write("a.yaml", note("a"))
        harness.write("a.yaml", note("a", texd="odd"))
        harness.write("b.yaml", note("b"))
    finally:
        logging.getLogger(STORY).removeHandler(handler)
    assert (harness.state("notes/b"), harness.config("notes/a").stale) == ("active", True)
