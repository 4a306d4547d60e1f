"""Whatever an integration raises is a failure of its own: its text and what it asks for hurt nobody who tells of it."""

import math

import pytest

from reconciler.model.state import IntegrationState
from reconciler.sdk import Event, Hook, TransientError

HALF = "the service said \ud83d"


class Unprintable(Exception):
    def __str__(self):
        return self.code


def raising(error):
    def code(self, *args):
        raise error

    return code


def integration(h):
    return next(one for one in h.manager.engine.integrations() if one.id == "diary")


@pytest.mark.parametrize("error", [TransientError(HALF), Unprintable()], ids=["half a surrogate", "no text"])
def test_delivery_whose_error_cannot_be_told_is_given_up_in_the_end(harness, make, doc, error):
    h = harness(make(deliver=raising(error)))
    h.write("a.yaml", doc("a", delivery={"retry_for": "1s"}), settle=False)
    h.start()
    h.manager.publish(Event(type="note", source="/test")).result(5)
    h.advance(30)
    assert h.manager.engine._queue.stats().result(5)["dead"] == 1
    assert h.stop()
    h.start()


def test_half_a_surrogate_in_an_error_does_not_keep_the_history_from_being_written(harness, make, doc):
    h = harness(make(config_enabled=raising(TransientError(HALF))))
    h.start()
    h.write("a.yaml", doc("a"))
    h.advance(3)
    assert h.manager.engine.alarms() == ()


def test_initialize_whose_error_cannot_be_told_has_failed_and_is_tried_again(harness, make, doc):
    h = harness(make(initialize=raising(Unprintable())))
    h.start()
    h.write("a.yaml", doc("a"))
    assert integration(h).state is IntegrationState.FAILED
    assert "Unprintable" in integration(h).message


def test_hook_whose_error_cannot_be_told_keeps_no_other_from_stopping(harness, make, doc):
    class Noted(Hook):
        def start(self, host):
            pass

        def stop(self, reason):
            stopped.append(reason)

    class Stubborn(Noted):
        stop = raising(Unprintable())

    def enabled(self, config):
        Noted(config)
        Stubborn(config)

    stopped = []
    h = harness(make(config_enabled=enabled))
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml")
    assert len(stopped) == 1


@pytest.mark.parametrize("wait", [0.0, -1.0, math.nan])
def test_retry_after_no_time_at_all_is_backoff(harness, make, doc, wait):
    tries = []

    def initialize(self):
        tries.append(1)
        raise TransientError("busy", retry_after=wait)

    h = harness(make(initialize=initialize))
    h.start()
    h.write("a.yaml", doc("a"))
    h.advance(60)
    assert 2 <= len(tries) <= 20


def at(where, code):
    """Have `code` run in one of the calls into an integration."""
    return {"initialize": {"initialize": code}, "config": {"config_enabled": code}}[where]


@pytest.mark.parametrize("where", ["initialize", "config"])
@pytest.mark.parametrize("wait", ["1", []], ids=["text", "a list"])
def test_retry_after_as_the_header_came_is_tried_again(harness, make, doc, where, wait):
    tries = []

    def code(self, *args):
        tries.append(1)
        if len(tries) == 1:
            raise TransientError("busy", retry_after=wait)

    h = harness(make(**at(where, code)))
    h.start()
    h.write("a.yaml", doc("a"))
    h.advance(2)
    assert h.state("diary/a") == "active"


@pytest.mark.parametrize("wait", ["1", []], ids=["text", "a list"])
def test_delivery_that_asks_for_a_wait_as_the_header_came_is_made_again(harness, make, doc, wait):
    def deliver(self, event, config):
        self.received.append(event.id)
        if len(self.received) == 1:
            raise TransientError("busy", retry_after=wait)

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(Event(type="note", source="/test", id="e1"))
    h.advance(2)
    assert cls.received == ["e1", "e1"]


@pytest.mark.parametrize("state", [IntegrationState.INITIALIZING, IntegrationState.SHUTTING_DOWN])
@pytest.mark.parametrize("wanted", [True, False])
def test_integration_that_was_left_on_its_way_is_taken_on(harness, make, doc, state, wanted):
    """As by a failure of the engine itself."""
    h = harness(make())
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml")
    h.manager.engine._world.integrations["diary"].state = state
    h.write("a.yaml", doc("a", enabled=wanted))
    h.manager.engine.retry("diary")
    h.settle()
    assert integration(h).state is (IntegrationState.ACTIVE if wanted else IntegrationState.REGISTERED)


def test_retry_after_years_is_a_day_at_most(harness, make, doc):
    tries = []

    def initialize(self):
        tries.append(1)
        raise TransientError("busy", retry_after=1e9)

    h = harness(make(initialize=initialize))
    h.start()
    h.write("a.yaml", doc("a"))
    h.clock.advance(86401)
    h.wait_until(lambda: len(tries) == 2, "the second try")
