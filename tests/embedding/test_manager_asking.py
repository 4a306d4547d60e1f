"""What the command line asks of a daemon, asked by a host of its own engine: approve, retry, forget."""

import pytest

from reconciler.model.errors import TerminalError
from reconciler.model.state import ConfigState
from reconciler.sdk import EventHook, Integration, ResourceHook
from reconciler.testing import Harness


class Shop(Integration):
    integration_id = "shop"
    closed = False

    def initialize(self):
        EventHook(self, self.deliver)

    def config_enabled(self, config):
        if Shop.closed:
            raise TerminalError("the shop is closed")
        ResourceHook(config, f"sign:{config.name}", lambda: {"id": config.name}, self.take_down)

    def take_down(self, handle):
        raise TerminalError("the ladder is gone")

    def deliver(self, event, config):
        pass


@pytest.fixture
def harness():
    Shop.closed = False
    with Harness(Shop) as one:
        yield one


def write(harness, *names):
    for name in names:
        harness.write(f"{name}.yaml", {"integration": "shop", "name": name}, settle=False)
    harness.settle()


def test_held_removals_go_when_the_host_approves_them(harness):
    write(harness, *"abcde")
    for name in "abcd":
        harness.delete(f"{name}.yaml", settle=False)
    harness.settle()
    harness.advance(1)
    assert not harness.manager.approve("0123456789ab")
    assert harness.manager.approve(harness.manager.engine.status().held_digest, who="alice")
    harness.wait_until(lambda: [config.id for config in harness.manager.get_configs()] == ["shop/e"])


def test_failed_configuration_is_tried_again_when_the_host_says_so(harness):
    Shop.closed = True
    write(harness, "a")
    assert harness.state("shop/a") is ConfigState.FAILED
    Shop.closed = False
    assert harness.manager.retry("shop/a") and not harness.manager.retry("shop/b")
    harness.wait_until(lambda: harness.state("shop/a") is ConfigState.ACTIVE)


def test_effect_that_cannot_be_removed_is_forgotten_when_the_host_says_so(harness):
    write(harness, "a")
    harness.delete("a.yaml")
    assert harness.state("shop/a") is ConfigState.REMOVING
    assert harness.manager.forget("shop/a", "sign:b") == 0
    assert harness.manager.forget("shop/a") == 1
    harness.wait_until(lambda: harness.state("shop/a") is None)
