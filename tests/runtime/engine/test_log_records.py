"""What an integration says with `self.log` carries the ids of the call that it was said in."""

import asyncio
import logging

import pytest

from reconciler.sdk import Event, Integration, TerminalError, TransientError


def note(number):
    return Event(type="note", source="/test", id=f"e{number}")


@pytest.fixture
def said(caplog):
    """Return the fields of each record whose message is a given one."""
    caplog.set_level(logging.DEBUG)
    return lambda message: [r.fields for r in list(caplog.records) if r.getMessage() == message]


def test_deliveries_side_by_side_carry_their_own_ids(harness, make, doc, said):
    async def deliver(self, event, config):
        while len(self.received) < 2 and event.id not in dict(self.received):
            self.received.append((event.id, config.id))
        while len(self.received) < 2:
            await asyncio.sleep(0)
        self.log.info("made", extra={"size": 1})

    h = harness(make(deliver=deliver))
    for name in "ab":
        h.write(f"{name}.yaml", doc(name, events=[{"type": "note", "when": f"id == 'e{name}'"}]), settle=False)
    h.start()
    for name in "ab":
        h.manager.publish(note(name)).result(5)
    h.wait_until(lambda: len(said("made")) == 2)
    found = sorted(said("made"), key=lambda fields: fields["config"])
    assert [(f["config"], f["event_id"], f["attempt"], f["extra"]) for f in found] == [
        ("diary/a", "ea", 1, {"size": 1}),
        ("diary/b", "eb", 1, {"size": 1}),
    ]
    assert len({fields["delivery"] for fields in found}) == 2


def test_every_attempt_and_its_end_carry_one_delivery(harness, make, doc, said):
    def deliver(self, event, config):
        self.log.info("trying")
        if not self.received:
            self.received.append(("a", "e1"))
            raise TransientError("later", retry_after=1)

    h = harness(make(deliver=deliver))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.advance(2)
    h.wait_until(lambda: said("diary/a: delivered"))
    tried, (failed,) = said("trying"), said("diary/a: an attempt failed and is made again: later")
    (done,) = said("diary/a: delivered")
    assert [fields["attempt"] for fields in (*tried, failed, done)] == [1, 2, 1, 2]
    assert len({fields["delivery"] for fields in (*tried, failed, done)}) == 1
    assert said("routed an event to 1 configurations") == [{"event_id": "e1", "event_type": "note"}]


def test_calls_of_a_pass_carry_its_number(harness, make, doc, said):
    def initialize(self):
        self.log.info("up")

    def config_enabled(self, config):
        self.log.info("enabled")
        raise OSError("no")

    h = harness(make(initialize=initialize, config_enabled=config_enabled))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    assert said("up") == [{"integration": "diary", "pass": 1}]
    assert said("enabled") == [{"integration": "diary", "config": "diary/a", "pass": 1}]
    (failed,) = said("diary/a: start failed: OSError: no")
    assert (failed["pass"], failed["action"], failed["error"]) == (1, "start", "OSError: no")


def test_record_says_where_it_was_logged(caplog):
    class Loose(Integration):
        integration_id = "loose"

    Loose().log.warning("once")
    assert [(record.funcName, record.pathname) for record in caplog.records] == [
        ("test_record_says_where_it_was_logged", __file__)
    ]


def test_logger_works_before_the_engine_has_the_object():
    class Loose(Integration):
        integration_id = "loose"

    assert Loose().log.process("m", {})[1] == {"extra": {"fields": {"integration": "loose"}}}


@pytest.mark.parametrize(("fallback", "outcome"), [(None, "dead"), ("diary/b", "fallback")])
def test_delivery_that_is_given_up_is_told_once(harness, make, doc, caplog, fallback, outcome):
    def deliver(self, event, config):
        if config.name == "a":
            raise TerminalError("no such channel")

    caplog.set_level(logging.INFO)
    h = harness(make(deliver=deliver))
    more = {"delivery": {"fallback": fallback}} if fallback else {}
    h.write("a.yaml", doc("a", events=[{"type": "note"}], **more), settle=False)
    h.write("b.yaml", doc("b", events=[]), settle=False)
    h.start()
    h.deliver(note(1))
    (told,) = [record for record in caplog.records if "given up" in record.getMessage()]
    assert (told.levelname, told.fields["outcome"], told.fields["reason"]) == ("WARNING", outcome, "Terminal")
    assert "no such channel" in told.getMessage()
