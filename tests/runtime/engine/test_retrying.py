"""What somebody asks to be tried again is tried now: no backoff is waited for."""

import pytest

from reconciler.model.errors import UnknownTarget
from reconciler.model.override import Selector
from reconciler.model.state import ConfigState
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


def test_retry_by_a_label_is_of_what_has_it_alone(failing):
    engine = failing[0].manager.engine
    assert engine.retry_all(Selector.of(labels={"name": "b"}), "carol") == 1
    assert received(failing) == [("b", "e1"), ("b", "e2")]
    (done,) = engine.overrides.history(5).result(5)
    assert (done.kind.value, done.target, done.who) == ("retry", "-l name=b", "carol")


def test_retry_of_all_tries_what_failed_to_start_too(harness, make, doc):
    def config_enabled(self, config):
        if not self.release.is_set():
            raise TransientError("not yet", retry_after=300)

    cls = make(config_enabled=config_enabled)
    h = harness(cls)
    for name in ("a", "b"):
        h.write(f"{name}.yaml", doc(name), settle=False)
    h.start()
    cls.release.set()
    assert h.manager.engine.retry_all(Selector()) == 2
    h.settle()
    assert [h.state(f"diary/{name}") for name in ("a", "b")] == [ConfigState.ACTIVE] * 2


def test_retry_by_what_is_not_known_is_refused_and_by_what_nothing_has_does_nothing(failing):
    engine = failing[0].manager.engine
    with pytest.raises(UnknownTarget, match="did you mean `diary/a`"):
        engine.retry_all(Selector.of(["diary/aa"]))
    assert engine.retry_all(Selector.of(labels={"name": "c"})) == 0
