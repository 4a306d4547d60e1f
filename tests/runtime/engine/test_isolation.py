"""Real hangs, everywhere an integration is called: the call is abandoned, and everybody else goes on meanwhile."""

import asyncio
import contextlib
import gc
import inspect
import itertools
import threading
import time

import pytest

from reconciler.model.state import ConfigState, IntegrationState, StateReason
from reconciler.sdk import Event, EventHook, Hook, Integration

STEP = 0.05


class Hang:
    """Hangs the first time that it is called, in one of four ways, until it is released."""

    def __init__(self, kind):
        self.kind, self.release, self.begun = kind, threading.Event(), threading.Event()

    def method(self):
        """Return a function to put in the place of any method."""
        hang = self

        def sync(*_):
            if not hang.begun.is_set():
                hang.begun.set()
                hang.release.wait(30)

        async def blocking(*_):
            sync()

        async def patient(*_):
            if not hang.begun.is_set():
                hang.begun.set()
                await asyncio.sleep(3600)

        async def stubborn(*_):
            first, _ = not hang.begun.is_set(), hang.begun.set()
            while first and not hang.release.is_set():
                try:
                    await asyncio.sleep(0.5)
                except asyncio.CancelledError:
                    pass

        return {"sync": sync, "async": patient, "blocking": blocking, "stubborn": stubborn}[self.kind]


class Bad(Integration):
    integration_id = "bad"
    initialize_deadline = shutdown_deadline = config_deadline = delivery_deadline = 5.0

    def initialize(self):
        EventHook(self, self.deliver)

    def deliver(self, event, config):
        pass


class Good(Integration):
    integration_id = "good"
    received: list[str] = []

    def initialize(self):
        EventHook(self, self.deliver)

    async def deliver(self, event, config):
        self.received.append(event.id)


def one_hook(method_name, function):
    """Return a `config_enabled` that declares a hook one of whose methods is `function`."""

    class One(Hook):
        def start(self, host):
            pass

        def stop(self, reason):
            pass

    setattr(One, method_name, lambda self, *args: function(*args))
    if inspect.iscoroutinefunction(function):

        async def call(self, *args):
            await function(*args)

        setattr(One, method_name, call)

    def enabled(self, config):
        One(config)

    return enabled


PLACES = ["initialize", "shutdown", "config_enabled", "config_changed", "config_disabled", "start", "stop", "deliver"]
GOES_AT = {"shutdown", "config_disabled", "stop"}


def classes(place, function):
    """Return a bad class with `function` at `place`, and a good one."""
    attributes = {place: function} if place not in ("start", "stop") else {"config_enabled": one_hook(place, function)}
    return type("Bad", (Bad,), attributes), type("Good", (Good,), {"received": []})


def doc(integration, name="a", **settings):
    return {"integration": integration, "name": name, "events": [{"type": f"{integration}.x"}], "settings": settings}


def trigger(h, place):
    """Write what brings the bad integration to `place`; does not wait."""
    h.write("good.yaml", doc("good"), settle=False)
    h.write("bad.yaml", doc("bad"), settle=False)
    h.manager.start(wait=False)
    if place in ("initialize", "config_enabled", "start"):
        return
    turn(h, lambda: h.state("bad/a") is ConfigState.ACTIVE)
    if place == "deliver":
        h.manager.publish(Event(type="bad.x", source="test"))
    elif place == "config_changed":
        h.write("bad.yaml", doc("bad", more=1), settle=False)
    else:
        h.delete("bad.yaml", settle=False)
    h.manager.look()


def turn(h, condition, *, answering=False):
    """Let virtual time pass until the condition holds; the engine and the good integration keep up with each step.

    `answering`: so does the bad integration, which does not block its loop.
    """
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        h.clock.advance(STEP)
        h.clock.let_wake(1)
        h._breathe()
        while any(what.endswith(" good") for what in h.manager.engine.under_way) and time.monotonic() < end:
            h._breathe()
        lane = runtime(h).lane if answering else None
        if lane is not None:
            answered = threading.Event()
            lane.post(answered.set)
            answered.wait(1)


def runtime(h, key="bad"):
    return h.manager.engine._world.integrations[key]


def told(h):
    """Return all that the engine says of the bad integration."""
    status = next(i for i in h.manager.engine.integrations() if i.id == "bad")
    config = h.manager.status("bad/a")
    conditions = [c.message for c in (*status.conditions, *(config.conditions if config else ()))]
    return " ".join([status.message, *conditions, *(o.message for o in h.outcomes if o.action.integration == "bad")])


@pytest.mark.parametrize("kind", ["sync", "async", "blocking", "stubborn"])
@pytest.mark.parametrize("place", PLACES)
def test_hang_is_abandoned_while_others_go_on_and_is_recovered_from(harness, place, kind):
    hang = Hang(kind)
    bad, good = classes(place, hang.method())
    bad.release = hang.release
    h = harness(bad, good)
    trigger(h, place)
    turn(h, hang.begun.is_set)
    turn(h, lambda: h.state("good/a") is ConfigState.ACTIVE)
    for number in range(5):
        h.manager.publish(Event(type="good.x", source="test", id=str(number))).result(5)
    turn(h, lambda: len(good.received) == 5)
    if kind == "async":
        words = "did not return within 5 s and was cancelled"
        turn(h, lambda: place == "deliver" or words in told(h), answering=True)
    else:
        turn(h, lambda: runtime(h).disowned == 1)
    ends = IntegrationState.REGISTERED if place in GOES_AT else IntegrationState.ACTIVE
    turn(h, lambda: runtime(h).state is ends and h.manager.engine.idle, answering=kind == "async")
    if place not in GOES_AT:
        turn(h, lambda: h.state("bad/a") is ConfigState.ACTIVE and not h.config("bad/a").stale)
    assert runtime(h).disowned == (0 if kind == "async" else 1)


class Wild(BaseException):
    """Neither an Exception nor one of Python's own."""


@pytest.mark.parametrize(
    ("place", "kind"), list(zip(PLACES, itertools.cycle([SystemExit, KeyboardInterrupt, Wild]), strict=False))
)
def test_base_exception_is_contained_and_others_go_on(harness, place, kind):
    raised = threading.Event()

    async def raises(*_):
        if not raised.is_set():
            raised.set()
            raise kind("out")

    bad, good = classes(place, raises)
    h = harness(bad, good)
    trigger(h, place)
    turn(h, raised.is_set)
    turn(h, lambda: h.state("good/a") is ConfigState.ACTIVE)
    h.manager.publish(Event(type="good.x", source="test")).result(5)
    turn(h, lambda: len(good.received) == 1)
    ends = IntegrationState.REGISTERED if place in GOES_AT else IntegrationState.ACTIVE
    turn(h, lambda: runtime(h).state is ends and h.manager.engine.idle)
    assert runtime(h).disowned == 0


def test_three_lanes_lost_are_stuck_until_somebody_asks_for_a_retry(harness):
    release, hangs = threading.Event(), [True]

    def initialize(self):
        if hangs[0]:
            release.wait(30)

    bad, _ = classes("initialize", initialize)
    bad.release = release
    h = harness(bad)
    trigger(h, "initialize")
    turn(h, lambda: "bad" in h.manager.engine._world.integrations)
    turn(h, lambda: runtime(h).reason is StateReason.STUCK)
    assert (runtime(h).state, runtime(h).disowned) == (IntegrationState.FAILED, 3)
    hangs[0] = False
    h.clock.advance(3600)
    h.settle()
    assert runtime(h).reason is StateReason.STUCK
    assert h.manager.engine.retry("bad")
    turn(h, lambda: h.state("bad/a") is ConfigState.ACTIVE)


def test_calls_lost_with_one_lane_count_once(harness):
    release, begun, hangs = threading.Event(), [], [True]

    def deliver(self, event, config):
        begun.append(event.id)
        if hangs[0]:
            release.wait(30)

    bad, _ = classes("deliver", deliver)
    bad.release = release
    h = harness(bad)
    for name in "abc":
        h.write(f"{name}.yaml", doc("bad", name), settle=False)
    h.start()
    h.manager.publish(Event(type="bad.x", source="test"))
    turn(h, lambda: len(begun) == 3)
    hangs[0] = False
    turn(h, lambda: runtime(h).disowned == 1)
    turn(h, lambda: len(begun) == 6)
    assert runtime(h).disowned == 1


def test_start_that_ends_in_a_lane_that_was_lost_meanwhile_is_not_live(harness):
    release, slow, begun = threading.Event(), threading.Event(), threading.Event()

    def enabled(self, config):
        if config.name == "slow" and not begun.is_set():
            begun.set()
            slow.wait(30)

    def deliver(self, event, config):
        release.wait(30)

    bad = type("Bad", (Bad,), {"config_enabled": enabled, "deliver": deliver, "config_deadline": 600.0})
    bad.release = release
    h = harness(bad)
    h.write("a.yaml", doc("bad"), settle=False)
    h.start()
    h.write("slow.yaml", doc("bad", "slow"), settle=False)
    h.manager.look()
    turn(h, begun.is_set)
    h.manager.publish(Event(type="bad.x", source="test"))
    turn(h, lambda: runtime(h).disowned == 1)
    slow.set()
    turn(h, lambda: h.state("bad/slow") is ConfigState.ACTIVE)
    generation = h.manager.engine._world.configs["bad/slow"].generation
    assert generation.host._lane is runtime(h).lane


def test_unfit_signature_fails_at_once_and_costs_no_lane(harness):
    async def enabled(self):
        pass

    bad = type("Bad", (Bad,), {"config_enabled": enabled})
    h = harness(bad)
    h.start()
    h.write("a.yaml", doc("bad"))
    assert "TypeError" in h.config("bad/a").message
    assert runtime(h).disowned == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # whoever closes a loop under its tasks leaves them unawaited
def test_closing_the_loop_of_its_lane_costs_the_lane_and_no_processor(harness):
    def close(loop):
        while not loop.is_closed():
            loop.call_soon_threadsafe(loop.stop)
            with contextlib.suppress(RuntimeError, AttributeError):  # it still runs; its lane closes it as well
                loop.close()

    async def enabled(self, config):
        if not hasattr(type(self), "once"):
            type(self).once = True
            threading.Thread(target=close, args=(asyncio.get_running_loop(),)).start()

    bad = type("Bad", (Bad,), {"config_enabled": enabled})
    h = harness(bad)
    h.start()
    h.write("a.yaml", doc("bad"), settle=False)
    h.manager.look()
    turn(h, lambda: h.state("bad/a") is ConfigState.ACTIVE)
    h.stop()
    gc.collect()  # so that what is left of that loop is told here, and not in another test


def test_description_that_hangs_or_raises_stops_nobody(harness):
    release = threading.Event()

    def enabled(self, config):
        def describe(_):
            if config.name == "hangs":
                release.wait(30)
            raise RuntimeError("who am I")

        kind = type("Odd", (Hook,), {"start": lambda *_: None, "stop": lambda *_: None, "describe": describe})
        kind(config)

    bad = type("Bad", (Bad,), {"config_enabled": enabled})
    bad.release = release
    h = harness(bad)
    h.start()
    h.write("a.yaml", doc("bad"))
    assert h.config("bad/a").hooks == ("Odd",)
    h.write("hangs.yaml", doc("bad", "hangs"), settle=False)
    h.manager.look()
    turn(h, lambda: runtime(h).disowned == 1)
