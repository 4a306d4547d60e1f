"""What somebody asks to be tried again is tried now: no backoff is waited for."""

import pytest

from reconciler.sdk import Event, TransientError


def note(number):
    return Event(type="note", source="/test", id=f"e{number}", data={"n": number})


@pytest.fixture
def failing(harness, make, doc):
    """Configurations `diary/a` and `diary/b` that were told to come again in 300 s, by a service that is back now."""

    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("asleep", retry_after=300)
        self.received.append((config.name, event.id))

    cls = make(deliver=deliver)
    h = harness(cls)
    for name in ("a", "b"):
        h.write(f"{name}.yaml", doc(name, labels={"name": name}), settle=False)
    h.start()
    h.deliver(note(1))
    h.deliver(note(2))
    cls.release.set()
    return h, cls


def received(failing):
    h, cls = failing
    h.advance(1)
    h.wait_until(lambda: h.manager.engine.delivered)
    return sorted(cls.received)


def test_retry_of_a_configuration_has_its_deliveries_made_now(failing):
    assert failing[0].manager.engine.retry("diary/a")
    assert received(failing) == [("a", "e1"), ("a", "e2")]


def test_retry_of_an_integration_has_those_of_all_its_configurations_made_now(failing):
    assert failing[0].manager.engine.retry("diary")
    assert received(failing) == [("a", "e1"), ("a", "e2"), ("b", "e1"), ("b", "e2")]
