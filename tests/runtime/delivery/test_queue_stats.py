"""What the queue tells of itself: how old the oldest event is that not everybody has got whom it concerns."""

import pytest

from reconciler.model.delivery import DeliveryPolicy
from reconciler.model.ports import Done, Target
from reconciler.runtime.delivery.queue import SqliteQueue
from reconciler.sdk import Event
from reconciler.testing import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def queue(tmp_path, clock):
    one = SqliteQueue(tmp_path, clock)
    yield one
    one.close()


def append(queue):
    (receipt,) = queue.append([Event(type="note", source="/test")]).result(5)
    return receipt.sequence


def route(queue, sequence, *config_ids):
    queue.route([(sequence, [Target(one, DeliveryPolicy()) for one in config_ids])]).result(5)


def oldest(queue):
    return queue.stats().result(5)["oldest_seconds"]


def test_event_is_on_its_way_from_its_first_moment_to_its_last_delivery(queue, clock):
    sequence, ages = append(queue), []
    clock.advance(60)
    ages.append(oldest(queue))
    route(queue, sequence, "x/a")
    clock.advance(60)
    ages.append(oldest(queue))
    (delivery,) = queue.claim(clock.time(), 10).result(5)
    queue.settle([Done(delivery.key)], clock.time()).result(5)
    assert [*ages, oldest(queue)] == [60.0, 120.0, 0.0]


@pytest.mark.parametrize("config_ids", [(), ("x/a",)], ids=["unrouted", "routed"])
def test_older_of_what_waits_to_be_routed_and_to_be_delivered_counts(queue, clock, config_ids):
    first = append(queue)
    clock.advance(60)
    append(queue)
    clock.advance(60)
    route(queue, first, *config_ids)
    assert oldest(queue) == (120.0 if config_ids else 60.0)
