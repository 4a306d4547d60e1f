"""What waits in the queue is told by configuration, and what failed before a restart is no more healthy after it."""

import pytest

from reconciler.model.state import ConditionType
from reconciler.report.items import config_item
from reconciler.report.tables import config_detail, configs_table, draw
from reconciler.runtime.delivery.backlog import FAILING
from reconciler.sdk import Event, TransientError


def note(number):
    return Event(type="note", source="/test", id=f"e{number}", data={"n": number})


@pytest.fixture
def asleep(harness, make, doc):
    """A harness whose `diary/a` is told to come again in 200 s, while `diary/b` works."""

    def deliver(self, event, config):
        if config.name == "a" and not self.release.is_set():
            raise TransientError("the service is asleep", retry_after=200)

    h = harness(make(deliver=deliver))
    h.write("a.yaml", doc("a"), settle=False)
    h.write("b.yaml", doc("b"), settle=False)
    h.start()
    h.deliver(note(1))
    h.deliver(note(2))
    return h


def delivering(harness, config_id="diary/a"):
    return next((c for c in harness.config(config_id).conditions if c.type is ConditionType.DELIVERING), None)


def backlog(harness):
    return harness.manager.engine.backlog().result(5)


def test_backlog_is_of_the_configuration_that_things_wait_for(asleep):
    waits = backlog(asleep)
    assert waits.keys() == {"diary/a"}
    assert waits["diary/a"].pending == 2
    assert 0 < waits["diary/a"].next_attempt - asleep.clock.time() <= 200


def test_what_cannot_be_delivered_to_has_no_next_attempt(asleep, doc):
    asleep.write("a.yaml", doc("a", enabled=False))
    asleep.advance(201)  # its turn came, and it was parked
    asleep.wait_until(lambda: backlog(asleep)["diary/a"].next_attempt is None)
    assert backlog(asleep)["diary/a"].pending == 2


def test_failing_deliveries_are_shown_after_a_restart(asleep):
    before = delivering(asleep)
    asleep.stop()
    asleep.start()
    after = delivering(asleep)
    assert (after.status.value, after.reason, after.message) == ("False", "Retry", "the service is asleep")
    assert abs(after.since - before.since) < 1
    assert delivering(asleep, "diary/b") is None
    assert asleep.manager.engine.status().queue["failing"] == 1


def test_failing_deliveries_of_an_earlier_life_are_said_once_at_the_start(asleep, caplog):
    asleep.stop()
    caplog.set_level("INFO", "reconciler.runtime.delivery.deliveries")
    asleep.start()
    asleep.advance(201)
    assert [r.getMessage() for r in caplog.records if r.name == "reconciler.runtime.delivery.deliveries"] == [
        "deliveries to diary/a failed before this start, and are tried again"
    ]


def test_delivery_that_works_after_a_restart_ends_it(asleep):
    asleep.stop()
    asleep.start()
    asleep.manager.engine.instance("diary").release.set()
    asleep.advance(201)
    asleep.wait_until(lambda: asleep.manager.engine.delivered)
    assert delivering(asleep).status.value == "True"
    assert backlog(asleep) == {}


def test_tables_say_how_much_waits_and_until_when(asleep):
    item = config_item(asleep.config("diary/a"), backlog(asleep)["diary/a"])
    listed = draw(configs_table([item]), colour=False, width=200)
    detail = draw(config_detail(item), colour=False, width=200)
    assert "Delivering: the service is asleep (2 pending, next attempt at " in listed
    (row,) = [line for line in detail.splitlines() if line.startswith("deliveries")]
    assert row.split()[1:5] == ["2", "pending,", "next", "attempt"]


def test_what_failed_is_found_without_reading_what_did_not(harness, make):
    h = harness(make())
    h.start()
    queue = h.manager.engine._queue
    steps = queue.submit(lambda db: db.execute(f"EXPLAIN QUERY PLAN {FAILING}").fetchall()).result(5)
    assert any("USING INDEX delivery_tried" in step[3] for step in steps)
    assert not any("SCAN delivery" in step[3] and "delivery_tried" not in step[3] for step in steps)
