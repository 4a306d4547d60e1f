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
