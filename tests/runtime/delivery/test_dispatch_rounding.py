"""Times since the epoch are rounded: what is due by one account may not be due by the other, and nobody spins for that."""

import asyncio
import math

import pytest

from reconciler.model.delivery import DeliveryPolicy
from reconciler.model.event import Event
from reconciler.model.ports import Target
from reconciler.runtime.delivery.dispatcher import Dispatcher
from reconciler.runtime.delivery.queue import SqliteQueue
from reconciler.testing import VirtualClock


class Service:
    """Takes every delivery."""

    def __init__(self):
        self.got = []

    def status(self, _config_id):
        return "ready"

    def policy(self, _config_id):
        return DeliveryPolicy()

    def recall(self, failing):
        assert failing == []

    async def deliver(self, delivery):
        self.got.append(delivery.event.id)


@pytest.mark.parametrize("step", [0.0, 86400.125], ids=["as it was", "set forward"])
def test_dispatcher_rests_until_what_is_due_in_a_moment_is_due(tmp_path, step):
    clock, service = VirtualClock(), Service()
    queue = SqliteQueue(tmp_path, clock)
    clock.step(step)
    (receipt,) = queue.append([Event(type="note", source="/test", id="1")]).result(20)
    queue.route([(receipt.sequence, [Target("diary/a", DeliveryPolicy())])]).result(20)
    later = math.nextafter(clock.time() - step, math.inf)
    queue.submit(lambda db: db.execute("UPDATE lane SET at = ?", (later,))).result(20)
    dispatcher = Dispatcher(queue, clock, service)

    async def until(condition):
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0)

    async def main():
        running = asyncio.ensure_future(dispatcher.run())
        await asyncio.sleep(0)
        await until(lambda: dispatcher.resting)
        assert service.got == []
        await until(lambda: clock.advance(0.001) or service.got == ["1"])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    try:
        asyncio.run(main())
    finally:
        queue.close()
