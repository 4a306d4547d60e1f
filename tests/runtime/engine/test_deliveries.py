"""Events reach what runs: at least once, in order, through everything that happens to a configuration."""

from reconciler.model.state import ConditionType, ConfigState
from reconciler.sdk import Event, TerminalError, TransientError


def note(number, **more):
    return Event(type="note", source="/test", id=f"e{number}", data={"n": number}, **more)


def test_event_reaches_every_matching_config(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.write("b.yaml", doc("b", events=[{"type": "note", "when": "data.n > 5"}]), settle=False)
    h.start()
    h.deliver(note(1))
    h.deliver(note(9))
    assert sorted(cls.received) == [("a", "e1"), ("a", "e9"), ("b", "e9")]


def test_scope_of_a_config_narrows_what_it_gets(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a", scope={"organization": ["acme", "ajax"]}), settle=False)
    h.start()
    h.deliver(note(1, scope={"organization": "other"}))
    h.deliver(note(2, scope={"organization": "ajax"}))
    h.deliver(note(3))
    assert cls.received == [("a", "e2")]


def test_event_sent_twice_is_delivered_once(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.deliver(note(1))
    assert cls.received == [("a", "e1")]


def test_failing_delivery_blocks_its_config_alone_and_keeps_order(harness, make, doc):
    def deliver(self, event, config):
        if config.name == "a" and not self.release.is_set():
            raise TransientError("later", retry_after=5)
        self.received.append((config.name, event.id))

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.write("b.yaml", doc("b"), settle=False)
    h.start()
    for n in range(3):
        h.deliver(note(n))
    assert cls.received == [("b", "e0"), ("b", "e1"), ("b", "e2")]
    cls.release.set()
    h.advance(6)
    h.wait_until(lambda: h.manager.engine.delivered)
    assert cls.received[3:] == [("a", "e0"), ("a", "e1"), ("a", "e2")]


def test_terminal_error_goes_to_the_dead_letters(harness, make, doc):
    def deliver(self, event, config):
        raise TerminalError("no such channel")

    h = harness(make(deliver=deliver))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    assert h.manager.engine.status().queue["dead"] == 1


def test_fallback_gets_what_is_given_up(harness, make, doc):
    def deliver(self, event, config):
        if config.name == "a":
            raise TerminalError("gone")
        self.received.append((config.name, event.id))

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a", delivery={"fallback": "diary/b"}), settle=False)
    h.write("b.yaml", doc("b", events=[]), settle=False)
    h.start()
    h.deliver(note(1))
    assert cls.received == [("b", "e1")]


def test_disabled_configs_deliveries_wait(harness, make, doc):
    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("later", retry_after=5)
        self.received.append((config.name, event.id))

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.write("a.yaml", doc("a", enabled=False))
    cls.release.set()
    h.advance(30)
    assert cls.received == []
    h.write("a.yaml", doc("a"))
    h.wait_until(lambda: cls.received == [("a", "e1")])


def test_stale_config_delivers_with_its_last_good(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.write("a.yaml", "integration: [")
    h.deliver(note(1))
    assert cls.received == [("a", "e1")]


def test_removed_configs_deliveries_are_dead(harness, make, doc):
    def deliver(self, event, config):
        raise TransientError("later", retry_after=5)

    h = harness(make(deliver=deliver))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.delete("a.yaml")
    h.advance(10)
    h.wait_until(lambda: h.manager.engine.status().queue["dead"] == 1)


def test_event_survives_a_restart(harness, make, doc):
    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("later", retry_after=5)
        self.received.append((config.name, event.id))

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.stop()
    cls.release.set()
    h.start()
    h.advance(10)
    h.wait_until(lambda: cls.received == [("a", "e1")])


def test_delivery_that_is_due_at_a_restart_waits_for_its_config(harness, make, doc):
    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("later", retry_after=5)
        self.received.append((config.name, event.id))

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.write("b.yaml", doc("b"), settle=False)
    h.start()
    h.deliver(note(1))
    h.stop()
    h.delete("b.yaml", settle=False)
    cls.release.set()
    h.clock.advance(60)
    h.start()
    h.wait_until(lambda: h.manager.engine.delivered)
    assert cls.received == [("a", "e1")]
    h.wait_until(lambda: h.manager.engine.status().queue["dead"] == 1)


def test_delivery_of_an_earlier_life_does_not_wait_for_a_slow_start_of_another(harness, make, doc):
    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("later", retry_after=5)
        self.received.append((config.name, event.id))

    slow = make(integration_id="slow")
    cls = make(deliver=deliver)
    h = harness(cls, slow)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.stop()
    slow.initialize = lambda self: self.release.wait(20)
    h.write("slow.yaml", doc("x", integration="slow"), settle=False)
    cls.release.set()
    h.clock.advance(60)
    h.manager.start(wait=False)
    h.wait_until(lambda: cls.received == [("a", "e1")])
    assert not h.manager.engine.ready
    slow.release.set()


def test_filter_that_fails_does_not_match_and_says_so(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a", events=[{"type": "note", "when": "data.missing == 1"}]), settle=False)
    h.start()
    h.deliver(note(1))
    assert cls.received == []
    (condition,) = [c for c in h.config("diary/a").conditions if c.type == "FilterError"]
    assert "missing" in condition.message


def test_event_published_by_the_integration_itself_is_routed(harness, make, doc):
    def deliver(self, event, config):
        self.received.append((config.name, event.id))
        if event.id == "e1":
            self.publish(note(2)).result(5)

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.wait_until(lambda: cls.received == [("a", "e1"), ("a", "e2")])
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_hanging_delivery_is_abandoned_and_made_again(harness, make, doc):
    def deliver(self, event, config):
        self.received.append((config.name, event.id))
        if len(self.received) == 1:
            self.release.wait(20)

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.manager.publish(note(1)).result(5)

    def again():
        h.clock.advance(0.5)
        return len(cls.received) == 2

    h.wait_until(again)
    assert cls.received == [("a", "e1")] * 2


def delivering(harness):
    return next(c for c in harness.config("diary/a").conditions if c.type is ConditionType.DELIVERING)


def test_failing_delivery_shows_its_reason_until_it_works(harness, make, doc):
    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("the service is asleep")

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    failing = delivering(h)
    cls.release.set()
    h.advance(400)
    h.wait_until(lambda: h.manager.engine.delivered)
    assert (failing.status.value, failing.reason, failing.message) == ("False", "Retry", "the service is asleep")
    assert (delivering(h).status.value, delivering(h).message) == ("True", "")


def test_failing_delivery_is_said_once_and_so_is_its_end(harness, make, doc, caplog):
    def deliver(self, event, config):
        if not self.release.is_set():
            raise TransientError("the service is asleep")

    cls = make(deliver=deliver)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    caplog.set_level("INFO", "reconciler.runtime.delivery.deliveries")
    h.start()
    h.deliver(note(1))
    h.advance(10)
    cls.release.set()
    h.advance(400)
    h.wait_until(lambda: h.manager.engine.delivered)
    assert [
        record.getMessage() for record in caplog.records if record.name == "reconciler.runtime.delivery.deliveries"
    ] == [
        "deliveries to diary/a fail and are tried again: the service is asleep",
        "deliveries to diary/a work again",
    ]


def conditions(harness):
    return {c.type: c.reason for c in harness.config("diary/a").conditions}


def test_filter_error_goes_when_the_filter_is_mended(harness, make, doc):
    h = harness(make())
    h.start()
    h.write("a.yaml", doc("a", events=[{"type": "note", "when": "data.absent > 1"}]))
    h.deliver(note(1))
    before = conditions(h).get(ConditionType.FILTER_ERROR)
    h.write("a.yaml", doc("a", events=[{"type": "note", "when": "has(data.absent)"}]))
    assert (before, conditions(h).get(ConditionType.FILTER_ERROR)) == ("EvaluationFailed", None)


def test_filter_error_stays_when_something_else_is_edited(harness, make, doc):
    broken = [{"type": "note", "when": "data.absent > 1"}]
    h = harness(make())
    h.start()
    h.write("a.yaml", doc("a", events=broken))
    h.deliver(note(1))
    h.write("a.yaml", doc("a", events=broken, settings={"channel": "#other"}))
    assert conditions(h).get(ConditionType.FILTER_ERROR) == "EvaluationFailed"


def test_delivery_to_what_is_disabled_survives_a_restart(harness, make, doc):
    def deliver(self, event, config):
        raise TransientError("later", retry_after=1)

    h = harness(make(deliver=deliver))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.write("a.yaml", doc("a", enabled=False))
    h.advance(5)  # its turn came, and it was parked: after a restart it is looked at before any file is
    h.stop()
    h.start()
    h.advance(1)
    queue = h.manager.engine.status().queue
    assert (queue["pending"], queue["dead"]) == (1, 0)


def test_delivery_to_what_was_removed_while_nothing_ran_is_a_dead_letter(harness, make, doc):
    def deliver(self, event, config):
        raise TransientError("later", retry_after=5)

    h = harness(make(deliver=deliver))
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.stop()
    h.delete("a.yaml", settle=False)
    h.start()
    h.advance(10)
    h.wait_until(lambda: h.manager.engine.status().queue["dead"] == 1)


def test_delivery_of_an_earlier_life_waits_until_the_files_have_been_looked_at(harness, make, doc):
    def fails_at_first(self, event, config):
        if not self.release.is_set():
            raise TransientError("not yet", retry_after=60)
        self.received.append((config.name, event.id))

    cls = make(deliver=fails_at_first)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    h.deliver(note(1))
    h.stop()
    cls.release.set()
    h.clock.advance(120)
    lock = h.directory / ".git" / "index.lock"  # git is at work, so the first pass is put off
    lock.parent.mkdir()
    lock.touch()
    h.manager.start(wait=False)
    engine = h.manager.engine
    h.wait_until(lambda: engine._dispatcher._parked or engine.status().queue["dead"], "a first try")
    lock.unlink()
    h.wait_until(lambda: cls.received == [("a", "e1")])
    assert engine.status().queue["dead"] == 0
