"""Setting aside from the host's own code."""

import pytest

from reconciler.model.errors import OverrideRefused, UnknownTarget
from reconciler.sdk import Event, EventHook, Integration
from reconciler.testing import Harness


class Shop(Integration):
    integration_id = "shop"
    events = ("order.paid",)

    def initialize(self):
        self.received = []
        EventHook(self, self.deliver)

    def deliver(self, event, config):
        self.received.append(event.id)


@pytest.fixture
def harness():
    with Harness(Shop) as one:
        one.write("a.yaml", "integration: shop\nname: a\nlabels: {tier: '1'}\n")
        yield one


def test_suspended_by_the_host_runs_on(harness):
    override = harness.manager.overrides.suspend(labels={"tier": "1"}, lasting="2h", reason="freeze", who="alice")
    harness.delete("a.yaml")
    assert (override.until - override.since, override.who) == (7200, "alice")
    assert [config.id for config in harness.manager.get_configs("shop")] == ["shop/a"]
    assert harness.manager.overrides.in_force() == (override,)


def test_paused_by_the_host_sends_when_it_is_resumed(harness):
    harness.manager.overrides.pause("shop/a")
    harness.deliver(Event(type="order.paid", source="/shop", id="1"))
    shop = harness.manager.get_integration("shop")
    assert shop.received == []
    harness.manager.overrides.resume(everything=True)
    harness.wait_until(lambda: shop.received == ["1"])


def test_dropped_by_the_host_is_a_dead_letter(harness):
    harness.manager.overrides.pause(integration="shop", drop=True)
    harness.deliver(Event(type="order.paid", source="/shop", id="1"))
    harness.wait_until(lambda: harness.manager.engine.status().queue["dead"] == 1)


def test_mistakes_of_the_host_are_said(harness):
    overrides = harness.manager.overrides
    with pytest.raises(ValueError, match="say which configurations"):
        overrides.suspend()
    with pytest.raises(ValueError, match="too long"):
        overrides.pause("shop/a", lasting="31d")
    with pytest.raises(UnknownTarget, match="did you mean `shop/a`"):
        overrides.suspend("shop/b")
    with pytest.raises(UnknownTarget, match="neither suspended nor paused"):
        overrides.resume("shop/a")
    with pytest.raises(OverrideRefused, match="at most 100 ids"):
        overrides.suspend(*(f"shop/{n}" for n in range(101)))
    assert overrides.in_force() == ()
