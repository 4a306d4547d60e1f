#!/usr/bin/env python3
"""Edits, ten thousand times over, and what is left of them: nothing. cycles.py [--cycles N].

One engine in this process, on real files and virtual time. Every cycle changes files (edits, errors, repairs, renames,
removals, an integration that comes up and goes down, code that fails) and sends an event. After a warm-up, tasks,
threads, descriptors and memory must stay what they are. Exits 1 otherwise.
"""

import argparse
import asyncio
import gc
import logging
import os
import re
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from measure import Row, report

from reconciler.sdk import Event, EventHook, Hook, Integration, TaskHook, raise_for_delivery
from reconciler.testing import Harness

WORKER = re.compile(r"lane-[a-z]+-\d+")
"""A thread for plain functions: each of the two integrations may have 8, and makes them when it needs one more."""
PERIOD = 60
"""After so many cycles the files are what they were."""


class Nothing(Hook):
    """Goes up, comes down; fails where its configuration says so."""

    def __init__(self, config):
        self.fails = config.settings.get("fails", False)
        super().__init__(config)

    def start(self, _host):
        """Fail or not."""
        if self.fails:
            raise OSError("in use")

    def stop(self, _reason):
        """Do nothing."""


class Steady(Integration):
    """Is always up: coroutines, a task, a delivery over HTTP."""

    integration_id = "steady"
    events = ("tick",)

    async def initialize(self):
        """Take events and run a task."""
        EventHook(self, self.deliver)
        TaskHook(self, self.run, name="idle")

    async def run(self):
        """Run until cancelled."""
        await asyncio.Event().wait()

    async def config_enabled(self, config):
        """Set up a hook."""
        Nothing(config)

    async def deliver(self, event, config):
        """Send one request."""
        raise_for_delivery(await self.http.request("POST", config.settings["url"], json=event.as_json()))


class Coming(Integration):
    """Comes up and goes down with its only configuration: functions, in a lane of its own each time."""

    integration_id = "coming"
    events = ("tick",)
    failures = 0

    def initialize(self):
        """Fail now and then."""
        if type(self).failures:
            type(self).failures -= 1
            raise RuntimeError("not yet")
        EventHook(self, self.deliver)

    def config_enabled(self, config):
        """Set up a hook."""
        Nothing(config)

    def deliver(self, event, config):
        """Do nothing."""


class Use(NamedTuple):
    """What the process holds."""

    tasks: int
    threads: int
    workers: int
    descriptors: int
    objects: int
    blocks: int
    resident: int


class Cycles:
    """The engine and its files; `cycle(n)` is the n-th of them."""

    def __init__(self):
        self.harness = Harness(Steady, Coming, prune_limit="100%")
        self.url = self.harness.http.url
        self.steady("a")
        self.harness.start()

    def steady(self, name, file=None, **settings):
        """Write a configuration of the integration that stays up."""
        document = {"integration": "steady", "name": name, "settings": {"url": self.url, **settings}}
        self.harness.write(f"{file or name}.yaml", document, settle=False)

    def cycle(self, number):
        """Change files, settle, deliver."""
        step, harness = number % PERIOD, self.harness
        self.steady("a", serial=number)
        if step % 2:
            Coming.failures = int(step % 10 == 1)  # time passes until it is tried again
            harness.write("coming.yaml", {"integration": "coming", "name": "c", "settings": {}}, settle=False)
        else:
            (harness.directory / "coming.yaml").unlink(missing_ok=True)
        if step % 4 == 1:
            harness.write("b.yaml", "integration: [", settle=False)
        elif step % 4 == 2:
            self.steady("b", fails=step % 8 == 2)
        elif step % 4 == 3:
            (harness.directory / "b.yaml").replace(harness.directory / "b2.yaml")
        else:
            (harness.directory / "b2.yaml").unlink(missing_ok=True)
        harness.settle()
        harness.deliver(Event(type="tick", source="/cycles", id=str(number)))
        harness.outcomes.clear()
        harness.http.forget()

    def use(self):
        """Return what the process holds now, garbage aside."""
        gc.collect()
        loop = self.harness.manager.engine._thread.loop  # noqa: SLF001 — counting its tasks is nobody else's need

        async def tasks():
            return len(asyncio.all_tasks())

        count = asyncio.run_coroutine_threadsafe(tasks(), loop).result(10)
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        names = [thread.name for thread in threading.enumerate()]
        workers = sum(1 for name in names if WORKER.fullmatch(name))
        descriptors = len(os.listdir("/proc/self/fd"))
        return Use(
            count, len(names) - workers, workers, descriptors, len(gc.get_objects()), sys.getallocatedblocks(), resident
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=10_000, help="how many (default 10000); the first half warms up")
    args = parser.parse_args()
    sys.setswitchinterval(0.0005)  # this thread asks the engine's all the time
    logging.disable(logging.CRITICAL)  # what fails is meant to
    periods = max(4, args.cycles // PERIOD)
    cycles = Cycles()
    uses = []
    for number in range(periods * PERIOD):
        cycles.cycle(number)
        if number % PERIOD == PERIOD - 1:
            uses.append(cycles.use())
            if os.environ.get("CYCLES_TELL"):
                print(number + 1, uses[-1], flush=True)
    cycles.harness.__exit__(None, None, None)
    sys.exit(report(rows(uses)))


def rows(uses):
    """Compare the least that was held in the third quarter with the least in the last: what leaks is there in both."""
    half = len(uses) // 2
    middle = (half + len(uses)) // 2
    before = Use(*(min(column) for column in zip(*uses[half:middle], strict=True)))
    after = Use(*(min(column) for column in zip(*uses[middle:], strict=True)))
    against = "last quarter against the one before"
    return [
        Row("more asyncio tasks of the engine", 0, after.tasks - before.tasks, ""),
        Row("more threads, workers of lanes aside", 0, after.threads - before.threads, ""),
        Row("workers of lanes, at most", 16, max(use.workers for use in uses), ""),
        Row("more file descriptors", 0, after.descriptors - before.descriptors, ""),
        Row(f"objects that the collector follows, {against}", 1.01, after.objects / before.objects),
        Row(f"blocks of memory in use, {against}", 1.01, after.blocks / before.blocks),
        Row(f"resident memory, {against}", 1.05, after.resident / before.resident),
    ]


if __name__ == "__main__":
    main()
