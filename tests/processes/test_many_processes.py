"""Workers without a runner, and forks of a running host."""

import json
import os
import signal
import subprocess
import sys

import pytest

from reconciler.runtime.state.lock import RunnerLock

pytestmark = pytest.mark.slow

APPEND = """
import sys
from reconciler import Event, IntegrationManager
manager = IntegrationManager("configs", state_dir="state", role="worker")
manager.start()
name = sys.argv[1]
events = [Event(type="note", source="/tests", id=f"{name}-{n}") for n in range(200)]
events.append(Event(type="note", source="/tests", id="both"))
receipts = [manager.publish(event) for event in events]
print(sum(not receipt.result(30)[0].duplicate for receipt in receipts), flush=True)
manager.stop()
"""

RUN = """
import sys, time
from reconciler import IntegrationManager
from reconciler.sdk import EventHook, Integration

class Notes(Integration):
    integration_id = "notes"
    events = ("note",)
    received = []
    def initialize(self):
        EventHook(self, self.deliver)
    def deliver(self, event, config):
        self.received.append(event.id)

manager = IntegrationManager("configs", state_dir="state")
manager.register_integration_class(Notes)
manager.start()
deadline = time.monotonic() + 30
while len(Notes.received) < 401 and time.monotonic() < deadline:
    time.sleep(0.02)
time.sleep(0.2)  # one too many would come now
print(len(Notes.received), len(set(Notes.received)))
manager.stop()
"""

FORK = """
import json, os, signal, sys
import blinker
from reconciler import Event, IntegrationManager
from reconciler.sdk import Integration, SignalHook

heard = blinker.Signal()

class Notes(Integration):
    integration_id = "notes"
    events = ("note",)
    def initialize(self):
        SignalHook(self, heard, lambda sender, **_: self.publish(EVENT))

EVENT = Event(type="note", source="/tests", id="1")
manager = IntegrationManager("configs", state_dir="state")
manager.register_integration_class(Notes)
manager.start()
engine, integration = manager.engine, manager.get_integration("notes")
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.close(reader)
    said = {}
    for name, use in {
        "start": manager.start, "publish": lambda: manager.publish(EVENT), "look": manager.look,
        "status": lambda: manager.status("notes/a"), "get_configs": lambda: manager.get_configs("notes"),
        "get_integration": lambda: manager.get_integration("notes"), "role": lambda: manager.role,
        "register": lambda: manager.register_integration_class(type("More", (Notes,), {"integration_id": "more"})),
        "integration": lambda: integration.publish(EVENT), "engine": engine.status,
    }.items():
        try:
            use()
        except Exception as error:
            said[name] = f"{type(error).__name__}: {error}"
        else:
            said[name] = "nothing"
    heard.send("the child")  # contained
    for state in ("state", "other-state"):
        own = IntegrationManager("configs", state_dir=state, integrations=())
        own.register_integration_class(Notes)
        try:
            own.start()
            said[state] = own.publish(EVENT).result(10)[0].duplicate
        except Exception as error:
            said[state] = f"{type(error).__name__}: {error}"
        own.stop()
    said["stop"] = manager.stop()
    with os.fdopen(writer, "w") as pipe:
        json.dump(said, pipe)
    sys.exit(0)
os.close(writer)
with os.fdopen(reader) as pipe:
    said = json.load(pipe)
said["child ended"] = os.waitpid(child, 0)[1]
said["parent"] = [manager.role.value, manager.publish(Event(type="note", source="/tests")).result(10)[0].duplicate]
reader, writer = os.pipe()
orphan = os.fork()
if orphan == 0:
    os.write(writer, b".")  # what a child does after a fork is done
    signal.pause()
os.read(reader, 1)
print(json.dumps({**said, "orphan": orphan}), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("host")
    (path / "configs").mkdir()
    (path / "configs" / "a.yaml").write_text("integration: notes\nname: a\nevents:\n  - type: note\n")
    return path


def python(folder, program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_append_while_no_runner_lives(folder):
    appending = [python(folder, APPEND, name) for name in ("x", "y")]
    answers = [process.communicate(timeout=40) for process in appending]
    assert sum(int(out) for out, _ in answers) == 401, answers
    out, err = python(folder, RUN).communicate(timeout=50)
    assert out == "401 401\n", err


@pytest.fixture(scope="module")
def forked(folder):
    """What a child of a running host was told, and the process id of an orphan that outlives the host."""
    process = python(folder, FORK)
    said = json.loads(process.stdout.readline())
    process.wait(30)
    yield said, folder
    os.kill(said["orphan"], signal.SIGKILL)
    process.communicate(timeout=30)


def test_inherited_engine_says_where_to_start_it(forked):
    said, _ = forked
    uses = ["start", "publish", "look", "status", "get_configs", "get_integration", "role", "register", "integration",
            "engine"]  # fmt: skip
    told = "NotRunning: the engine does not run in this process: start it after the fork, in post_fork or worker_process_init"
    assert {use: said[use] for use in uses} == dict.fromkeys(uses, told)
    assert (said["stop"], said["child ended"], said["parent"]) == (True, 0, ["runner", False])


def test_child_may_start_an_engine_elsewhere_but_not_where_its_parent_runs_one(forked):
    said, _ = forked
    assert said["state"].startswith("NotRunning: state/state.db was open when this process was forked: start it after")
    assert said["other-state"] is False


def test_orphan_of_a_runner_that_died_does_not_keep_its_role(forked):
    _, folder = forked
    lock = RunnerLock(folder / "state")
    lock.acquire()
    lock.release()
