"""The stage of the laws of life: an engine on real files, the model beside it, and what both are told to do."""

import copy
import time
from math import inf

from life_fakes import FAILURES, make_fakes
from life_model import Model

from reconciler.model.state import ConfigState, IntegrationState
from reconciler.sdk import Event
from reconciler.testing import Harness

IDS = [f"{integration}/{name}" for integration in FAILURES for name in "abc"]
PATIENCE = 40.0
"""How long the engine may take to settle, in real seconds."""


class Stage:
    """One engine with its fakes, its files, and the model of them; `story` is what happened, for whoever looks why."""

    def __init__(self):
        self.ledger, self.script, classes = make_fakes()
        self.h = Harness(*classes, prune_limit="100%")
        self.model = Model()
        self.serial = self.names = self.sent = 0
        self.owed = {key: [] for key in IDS}
        self.allowed = {key: set() for key in IDS}
        self.touched = set()
        self.story = []
        self.healthy = True

    # --- the files ----------------------------------------------------------------------------------------------

    def document(self, key, **more):
        integration, _, name = key.partition("/")
        self.serial += 1
        delivery = {"retry_for": "30d", "expire_after": "30d"}
        return {
            "integration": integration,
            "name": name,
            "settings": {"serial": self.serial},
            "delivery": delivery,
            **more,
        }

    def fresh_name(self):
        self.names += 1
        return f"f{self.names}.yaml"

    def put(self, name, doc):
        self.touch(name)
        self.touched.add(f"{doc['integration']}/{doc['name']}")
        self.tell(
            f"write {name}: {doc['integration']}/{doc['name']} {doc['settings']['serial']} {doc.get('enabled', '')}"
        )
        self.model.put(name, f"{doc['integration']}/{doc['name']}", doc)
        self.h.write(name, doc, settle=False)

    def telling(self, act):
        """Do something; what threads do is hard to come by again, so a failure tells all that can be told."""
        try:
            act()
        except AssertionError as error:
            error.add_note("\n".join((*self.story, repr(self.model.files), repr(self.model.accepted))))
            raise

    def tell(self, text):
        self.story.append(f"{self.h.clock.monotonic():.3f} {text}")

    def touch(self, name):
        file = self.model.files.get(name)
        self.touched |= {file.claims, *file.last} - {None} if file is not None else set()

    def file(self, number, *, good=None):
        names = [n for n, f in sorted(self.model.files.items()) if good is None or (f.doc is not None) is good]
        return names[number % len(names)] if names else None

    def edit_one(self, number, kind):
        """Make one change that leaves the file without an error."""
        name = self.file(number)
        if kind == "add" or name is None:
            self.put(self.fresh_name(), self.document(IDS[number % len(IDS)], enabled=number % 5 > 0))
            return
        file = self.model.files[name]
        key = file.claims or min(file.last, default=IDS[number % len(IDS)])
        if kind == "edit":
            self.put(name, self.document(key))
        elif kind == "disable":
            self.put(name, self.document(key, enabled=False))
        elif kind == "change id":
            self.put(name, self.document(IDS[(number + 1) % len(IDS)]))
        elif kind == "delete":
            self.touch(name)
            self.tell(f"delete {name}")
            self.model.remove(name)
            self.h.delete(name, settle=False)

    def publish(self, count):
        for _ in range(count):
            self.sent += 1
            self.tell(f"event {self.sent} for {sorted(self.model.wanted())}")
            self.h.manager.publish(Event(type="note", source="/test", id=str(self.sent))).result(10)
            for key in self.model.wanted():
                self.owed[key].append(self.sent)
            for key in IDS:
                self.allowed[key].add(self.sent)

    def survived(self, on_disk):
        """The process was killed during an edit: of each id what is on disk is as before it, or as after it."""
        seen = copy.deepcopy(self.model)
        seen.seen()
        for key in {*self.model.accepted, *seen.accepted, *on_disk}:
            found, before, after = on_disk.get(key), self.model.accepted.get(key), seen.accepted.get(key)
            assert found in (before, after), f"{key} is {found} on disk, was {before}, is to be {after}"
            self.model.survived(key, found, seen if found == after else self.model)

    def start_again(self, edits):
        self.ledger.new_epoch()
        for number, kind in edits:
            self.edit_one(number, kind)
        self.model.restarted()
        self.tell("start")
        self.h.manager.start(wait=False)
        self.until(lambda: self.h.manager.engine.ready, "the first pass")
        self.settle()

    # --- what is waited for -------------------------------------------------------------------------------------

    def until(self, condition, what, step=0.02):
        """Wait, letting time pass; faster where no call comes any more: then something hangs until its deadline."""
        deadline, turns, calls = time.monotonic() + PATIENCE, 0, 0
        while not (condition() and self.still(condition)):
            assert time.monotonic() < deadline, f"{what} did not come about: {self.differences()} after {self.story}"
            turns, calls = turns + 1 if len(self.ledger.calls) == calls else 0, len(self.ledger.calls)
            due = self.h.clock.next_due
            if due is not None and not self.h.manager.engine.under_way:
                self.h.clock.advance_to(due)
            else:
                time.sleep(0.001)
                self.h.clock.advance(step() if callable(step) else step if turns < 200 else 10 * step)

    def let_pass(self, seconds):
        """Let time pass in steps; within each, what is under way has some turns before its deadline comes nearer."""
        for _ in range(20):
            self.h.clock.advance(seconds / 20)
            turns = 20
            while turns and not (self.h.clock.let_wake(0.1) and not self.h.manager.engine.under_way):
                time.sleep(0.001)
                turns -= 1

    def still(self, condition):
        """Whether it holds a little later too: what has just become due takes a few turns of the loop to begin."""
        return self.h.clock.let_wake(0.1) and self.h.manager.engine.under_way is not None and condition()

    def settle(self):
        """Wait until the engine has seen the files and nothing is under way; what hangs is given up meanwhile."""
        engine = self.h.manager.engine
        looks = engine.looks
        self.h.manager.look()
        self.until(lambda: engine.looks > looks and engine.idle and engine.delivered, "rest")
        self.ledger.let_go()
        self.model.seen()
        self.forget_what_is_gone()

    def see(self):
        """Wait until the engine has seen what the files say now, whatever is under way."""
        controller = self.h.manager.engine._controller
        looks = controller.looks
        self.h.manager.look()

        async def looks_again():
            """Return when: 0 for now, infinity for not before it is asked."""
            absences, newcomers = controller._p.absences, controller._newcomers
            due = (controller._appointments.recheck_at, absences.recheck_at, newcomers.due_at)
            is_looking = controller.looks == looks or controller.inbox or controller._is_looking
            return 0.0 if is_looking else min((at for at in due if at is not None), default=inf)

        def left():
            return self.h.manager.engine._submit(looks_again()).result(10) - self.h.clock.monotonic()

        self.until(lambda: left() == inf, "a look", step=lambda: min(max(0.002, left()), 0.1))
        self.model.seen()
        self.forget_what_is_gone()

    def forget_what_is_gone(self):
        for key in IDS:
            if key not in self.model.known():
                self.owed[key] = []
            self.owed[key] = [n for n in self.owed[key] if n not in self.ledger.done[key]]

    def heal(self):
        """Nothing fails any more: within bounds all is as the model says, and what was owed is delivered."""
        self.script.clear()
        engine = self.h.manager.engine
        deadline = time.monotonic() + PATIENCE
        for turn in range(10_000):
            self.settle()
            wrong = self.differences()
            if not wrong:
                break
            assert time.monotonic() < deadline, wrong
            for key in (*FAILURES, *IDS):
                engine.retry(key)
            self.h.clock.advance(min(30.0, 0.5 * 2 ** min(turn, 6)))
        self.healthy = True

    def differences(self):
        """Return what is not as the model says, as sentences; empty where all is well."""
        if self.h.manager._engine is None:
            return ["the engine does not run"]
        engine, wanted = self.h.manager.engine, self.model.wanted()
        found = []
        running = {key: gens for key, gens in self.ledger.running().items()}
        if running != {key: [serial] for key, serial in wanted.items()}:
            found.append(f"{running} run, wanted are {wanted}")
        for status in engine.integrations():
            is_wanted = any(key.startswith(f"{status.id}/") for key in wanted)
            right = IntegrationState.ACTIVE if is_wanted else IntegrationState.REGISTERED
            if status.state is not right:
                found.append(f"{status.id} is {status.state.value}: {status.message}")
        for key in IDS:
            status = engine.config(key)
            if (status is None) != (key not in self.model.known()):
                found.append(f"{key} is {status and status.state.value}, known are {self.model.known()}")
            if status is not None and key in wanted and status.state is not ConfigState.ACTIVE:
                found.append(f"{key} is {status.state.value} ({status.reason.value}): {status.message}")
            missed = [n for n in self.owed[key] if key in wanted]
            if missed:
                found.append(f"{key} was not delivered {missed}")
        return found


def kill(harness, ledger):
    """End the engine as `kill -9` does, as far as that can be done in one process: nothing is called any more.

    Returns the last good documents that are on disk, by id.
    """
    ledger.new_epoch()
    engine, harness.manager._engine = harness.manager._engine, None
    engine._stopping = engine._stopped = True
    engine._thread.stop()
    for worker in (engine._scanner, engine._disk):
        worker.stop()
    for runtime in engine._world.integrations.values():
        runtime.drop_lane()
    on_disk = {key: row.accepted for key, row in engine._store.load_good().items()}
    engine._state.close()
    ledger.new_epoch()
    return on_disk
