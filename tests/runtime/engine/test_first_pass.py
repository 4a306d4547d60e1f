"""The first pass: what it has accepted is written at its end, and what went meanwhile stays gone."""

from reconciler.runtime.delivery import deliveries
from reconciler.runtime.state.state_store import StateStore
from reconciler.sdk import Event


def test_what_is_removed_during_the_first_pass_does_not_come_back(harness, make, doc):
    slow, quick = make(), make()
    slow.integration_id = "slow"
    slow.initialize = lambda self: self.release.wait(20)
    h = harness(slow, quick, prune_limit="100%")
    h.write("slow.yaml", doc("a", "slow"), settle=False)
    h.write("a.yaml", doc("a", enabled=False), settle=False)
    h.manager.start(wait=False)
    h.wait_until(lambda: h.state("diary/a") == "disabled")
    h.delete("a.yaml", settle=False)
    h.manager.look()
    h.wait_until(lambda: h.state("diary/a") is None)
    slow.release.set()
    h.wait_until(lambda: h.manager.engine.ready)
    h.stop()
    store = StateStore(h.directory.parent / "state")
    try:
        assert set(store.load_good()) == {"slow/a"}
    finally:
        store.close()


def test_routing_that_cannot_begin_is_an_alarm_and_tried_again(harness, make, doc, monkeypatch):
    cls, failures, alarms, routes_of = make(), [OSError("no"), OSError("no")], [], deliveries.routes_of

    def fails_twice(*args):
        if failures:
            alarms.append(h.manager.engine.alarms())
            raise failures.pop()
        return routes_of(*args)

    monkeypatch.setattr(deliveries, "routes_of", fails_twice)
    h = harness(cls)
    h.write("a.yaml", doc("a", events=[{"type": "note"}]), settle=False)
    h.write("b.yaml", doc("b", events=[{"type": "note"}]), settle=False)
    h.start()
    h.deliver(Event(type="note", source="test"))
    assert sorted(name for name, _ in cls.received) == ["a", "b"]
    assert "no event is routed yet" in str(alarms[1])
    assert not h.manager.engine.alarms()
