"""The work queue: its laws, by a machine that mirrors it with plain sets."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reconciler.core.workqueue import WorkQueue

KEYS = st.sampled_from(["a", "a/1", "a/2", "a/3", "b", "b/1"])


class Machine(RuleBasedStateMachine):
    """Adds, takes and finishes keys at random."""

    def __init__(self):
        super().__init__()
        self.queue = WorkQueue(side_by_side=2)
        self.running: list[str] = []
        self.asked: set[str] = set()
        self.due: dict[str, float] = {}
        self.now = 0.0

    @rule(key=KEYS)
    def add(self, key):
        self.queue.add(key)
        self.asked.add(key)
        self.due.pop(key, None)

    @rule(keys=st.lists(KEYS))
    def add_many(self, keys):
        self.queue.add_all(keys)
        for key in keys:
            self.asked.add(key)
            self.due.pop(key, None)

    @rule(key=KEYS, delay=st.floats(0, 5))
    def add_later(self, key, delay):
        self.queue.add_at(key, self.now + delay)
        if not self.queue.is_pending(key) or key in self.running:
            self.due[key] = min(self.now + delay, self.due.get(key, self.now + delay))

    @rule(seconds=st.floats(0, 3))
    def take(self, seconds):
        self.now += seconds
        for key in [key for key, at in self.due.items() if at <= self.now]:
            self.asked.add(key)
            del self.due[key]
        for key in self.queue.take(self.now):
            assert key not in self.running, "a key is worked on twice at once"
            assert key in self.asked, "a key is worked on that nobody asked for, or before its time"
            self.running.append(key)
            self.asked.discard(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data):
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.running.remove(key)
        self.queue.done(key)
        if key in self.asked:  # it runs again now, which uses a later appointment up
            self.due.pop(key, None)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish_many(self, data):
        integration = data.draw(st.sampled_from(sorted({key.split("/")[0] for key in self.running})))
        keys = [key for key in self.running if key.split("/")[0] == integration]
        self.running = [key for key in self.running if key not in keys]
        self.queue.done_all(keys)
        for key in keys:
            if key in self.asked:
                self.due.pop(key, None)

    @invariant()
    def barriers_hold(self):
        for integration in ("a", "b"):
            mine = [k for k in self.running if k.split("/")[0] == integration]
            assert integration not in mine or len(mine) == 1
            assert len(mine) <= 2

    @invariant()
    def tells_what_runs(self):
        assert self.queue.running({"a", "a/1", "b/1"}) == {"a", "a/1", "b/1"} & set(self.running)

    def teardown(self):
        """Nothing that was asked for is lost: finishing everything works off every key."""
        self.now += 10
        self.asked |= self.due.keys()
        for _ in range(100):
            for key in self.running:
                self.queue.done(key)
            self.running = self.queue.take(self.now)
            self.asked -= set(self.running)
        assert not self.asked
        assert self.queue.idle


TestLaws = Machine.TestCase


def test_key_added_while_it_runs_runs_again():
    queue = WorkQueue()
    queue.add("a/1")
    assert queue.take(0) == ["a/1"]
    queue.add("a/1")
    assert queue.take(0) == []
    queue.done("a/1")
    assert queue.take(0) == ["a/1"]


def test_initialize_goes_before_its_configs_and_shutdown_after():
    queue = WorkQueue()
    for key in ("a", "a/1", "a/2"):
        queue.add(key)
    assert queue.take(0) == ["a"]
    queue.add("a")
    queue.done("a")
    assert queue.take(0) == ["a/1", "a/2"]
    queue.done("a/1")
    assert queue.take(0) == []
    queue.done("a/2")
    assert queue.take(0) == ["a"]


@pytest.mark.parametrize(("due", "now", "taken"), [(5.0, 4.9, []), (5.0, 5.0, ["a/1"])])
def test_appointment_is_kept(due, now, taken):
    queue = WorkQueue()
    queue.add_at("a/1", due)
    assert queue.take(now) == taken


def test_earlier_of_two_appointments_holds():
    queue = WorkQueue()
    queue.add_at("a/1", 5.0)
    queue.add_at("a/1", 3.0)
    queue.add_at("a/1", 9.0)
    assert queue.next_due() == 3.0
    assert queue.take(3.0) == ["a/1"]
    assert queue.next_due() is None
