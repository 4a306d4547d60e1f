"""Deliveries that failed under one runner are shown as failing by the next, before it has tried them."""

from reconciler.model.state import ConditionType
from reconciler.sdk import Event, TransientError


def delivering(host):
    found = host.manager.engine.config("notes/a").conditions
    return next(((c.status.value, c.message) for c in found if c.type is ConditionType.DELIVERING), None)


def test_new_runner_shows_what_failed_under_the_one_before(world, notes):
    def deliver(self, event, config):
        raise TransientError("asleep", retry_after=600)

    world.write("a", events=[{"type": "note"}])
    first, second = world.host(notes(deliver=deliver)), world.host(notes(deliver=deliver))
    first.manager.publish(Event(type="note", source="/test", id="e1", data={})).result(5)
    world.until(lambda: delivering(first) is not None)
    before = delivering(second)
    world.end(first)
    world.until(lambda: delivering(second) is not None)
    assert (before, delivering(second)) == (None, ("False", "asleep"))
