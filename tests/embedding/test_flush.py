"""`flush`: a script that publishes and ends has its events delivered first."""

import threading

import pytest

from reconciler import Event, IntegrationManager
from reconciler.sdk import EventHook, Integration

PAID = Event(type="order.paid", source="/shop", data={"order": 7})


@pytest.fixture
def audit(tmp_path):
    """A manager with one configuration, whose deliveries wait for `go`; what arrived is in `got`."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: audit\nname: a\nevents: [{type: order.*}]\n")

    class Audit(Integration):
        integration_id = "audit"
        go = threading.Event()
        got: list[str] = []

        def initialize(self):
            EventHook(self, self.deliver)

        def deliver(self, event, config):
            self.go.wait(20)
            self.got.append(event.type)

    manager = IntegrationManager(tmp_path / "configs", state_dir=tmp_path / "state", watch=False)
    manager.register_integration_class(Audit)
    with manager:
        yield manager, Audit
        Audit.go.set()


def test_flush_returns_once_the_event_is_delivered(audit):
    manager, cls = audit
    cls.go.set()
    manager.publish(PAID).result(5)
    assert manager.flush(20)
    assert cls.got == ["order.paid"]


def test_flush_that_runs_out_of_time_says_so(audit):
    manager, cls = audit
    manager.publish(PAID).result(5)
    assert not manager.flush(0.05)
    assert cls.got == []


def test_flush_of_an_asyncio_host_waits_too(audit):
    import asyncio

    manager, cls = audit
    cls.go.set()

    async def main():
        await manager.apublish(PAID)
        return await manager.aflush(20)

    assert asyncio.run(main())
    assert cls.got == ["order.paid"]
