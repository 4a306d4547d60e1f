"""Four hosts publish without pause while one after the other is killed: nothing accepted is lost, one runner at a time."""

import random
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from itertools import pairwise

import pytest

pytestmark = pytest.mark.slow
KILLS = 12
HOST = """
import asyncio, os, sys, time
from reconciler import Event, IntegrationManager
from reconciler.sdk import EventHook, Integration, TaskHook

me, publishes = sys.argv[1], sys.argv[2] == "publish"

def log(name):
    file = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    return lambda text: os.write(file, f"{text}\\n".encode())

accepted, delivered, ticked = log(f"accepted.{me}"), log("delivered"), log("ticks")

class Audit(Integration):
    integration_id = "audit"
    events = ("x",)
    def initialize(self):
        EventHook(self, self.deliver)
        TaskHook(self, self.tick)
    def deliver(self, event, config):
        delivered(f"{config.name} {event.id}")
    async def tick(self):
        while True:
            ticked(f"{time.monotonic()} {os.getpid()}")
            await asyncio.sleep(0.05)

manager = IntegrationManager("configs", state_dir="state", integrations=())
manager.register_integration_class(Audit)
manager.start()
count = 0
while publishes:
    count += 1
    manager.publish(Event(type="x", source="/s", id=f"{me}-{count}")).result(20)
    accepted(f"{me}-{count}")
    time.sleep(0.005)
assert manager.flush(30)
manager.stop()
"""


class Storm:
    def __init__(self, folder):
        self.folder, self._count, self.hosts = folder, 0, []
        (folder / "configs").mkdir()
        for name in "ab":
            text = f"integration: audit\nname: {name}\nevents: [{{type: x}}]\n"
            (folder / "configs" / f"{name}.yaml").write_text(text)

    def start(self, what="publish"):
        self._count += 1
        command = [sys.executable, "-c", HOST, f"h{self._count}", what]
        return subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)

    def runner(self):
        try:
            return int((self.folder / "state" / "runner.lock").read_text())
        except (OSError, ValueError):
            return None

    def pids(self):
        return [host.pid for host in self.hosts]

    def kill(self, index):
        host = self.hosts[index]
        assert host.poll() is None, host.stderr.read()
        host.kill()
        host.communicate()
        self.hosts[index] = self.start()

    def lines(self, name):
        return [line for file in self.folder.glob(name) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def storm(tmp_path_factory, until):
    one, chance = Storm(tmp_path_factory.mktemp("storm")), random.Random(7)
    one.hosts = [one.start() for _ in range(4)]
    try:
        for number in range(KILLS):
            seen = len(one.lines("accepted.*"))
            until(lambda: len(one.lines("accepted.*")) > seen + 40 and one.runner() in one.pids(), 20, "work")  # noqa: B023
            threading.Event().wait(chance.uniform(0.0, 0.2))  # anywhere in what it does
            pids, runner = one.pids(), one.runner()
            one.kill(pids.index(runner) if number % 2 == 0 and runner in pids else chance.randrange(4))
    finally:
        for host in one.hosts:
            host.kill()
            host.communicate()
    last = one.start("flush")
    _, complaint = last.communicate(timeout=50)
    assert last.returncode == 0, complaint
    return one


def test_nothing_accepted_is_lost(storm):
    accepted, delivered = set(storm.lines("accepted.*")), Counter(storm.lines("delivered"))
    assert len(accepted) > KILLS * 40
    assert [f"{name} {event}" for event in accepted for name in "ab" if not delivered[f"{name} {event}"]] == []


def test_few_are_delivered_twice(storm):
    """Only what was under way when a runner was killed."""
    doubled = sum(count - 1 for count in Counter(storm.lines("delivered")).values())
    assert doubled < KILLS * 256


def test_hook_of_the_runner_never_runs_in_two_processes(storm):
    lives = defaultdict(list)
    for line in storm.lines("ticks"):
        at, pid = line.split()
        lives[pid].append(float(at))
    spans = sorted((min(times), max(times)) for times in lives.values())
    assert len(spans) >= 3
    assert all(end < begin for (_, end), (begin, _) in pairwise(spans))


def test_somebody_takes_over_within_seconds(storm):
    times = sorted(float(line.split()[0]) for line in storm.lines("ticks"))
    between = [after - before for before, after in pairwise(times)]
    assert sorted(between)[-2] < 8.0  # the longest of all may be the start of the last host
