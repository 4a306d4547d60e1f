"""The laws of life: whatever happens to the files, the code and the process, what runs is what the model says.

A state machine drives a whole engine: real files, fake integrations that fail as they are told, virtual time. For a
long run: `LIFE_EXAMPLES=2000 pytest tests/runtime/life/test_life_laws.py`.
"""

import copy
import os
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from life_fakes import FAILURES, Gate, make_fakes
from life_model import Model

from reconciler.model.state import ConfigState, IntegrationState
from reconciler.sdk import Event
from reconciler.testing import Harness

LONG = int(os.environ.get("LIFE_EXAMPLES", "0"))
IDS = [f"{integration}/{name}" for integration in FAILURES for name in "abc"]
PATIENCE = 20.0
"""How long the engine may take to settle, in real seconds."""
pick = st.integers(0, 99)
failure = st.sampled_from([(i, m, k) for i, methods in FAILURES.items() for m, kinds in methods.items() for k in kinds])
held_back = st.sampled_from([(i, m) for i, methods in FAILURES.items() for m in methods if "hook" not in m])


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.ledger, self.script, classes = make_fakes()
        self.h = Harness(*classes, prune_limit="100%")
        self.model = Model()
        self.serial = self.names = self.sent = 0
        self.owed = {key: [] for key in IDS}
        self.allowed = {key: set() for key in IDS}
        self.touched = set()
        self.story = []
        self.healthy = True

    @initialize()
    def begin(self):
        self.h.start()

    def teardown(self):
        self.ledger.let_go()
        self.h.stop(2.0)
        self.ledger.let_go()
        self.h.__exit__(None, None, None)

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

    @rule(number=pick, kind=st.sampled_from(["add", "add", "edit", "edit", "disable", "change id", "delete"]))
    def edit(self, number, kind):
        self.edit_one(number, kind)
        self.settle()

    @precondition(lambda self: self.file(0, good=True))
    @rule(number=pick, kind=st.sampled_from(["syntax", "setting", "empty"]))
    def break_a_file(self, number, kind):
        name = self.file(number, good=True)
        doc = self.model.files[name].doc
        key = self.model.files[name].claims
        self.tell(f"break {name}: {key} {kind}")
        if kind == "setting":
            self.model.put(name, key, None)
            self.h.write(name, {**doc, "settings": {"serail": 1}}, settle=False)
        else:
            self.model.put(name, None, None)
            self.h.write(name, "integration: [" if kind == "syntax" else "# nothing\n", settle=False)
        self.settle()

    @precondition(lambda self: self.file(0, good=True))
    @rule(number=pick, kind=st.sampled_from(["touch", "rewrite", "rename", "label"]))
    def change_nothing_that_the_code_hears_of(self, number, kind):
        name = self.file(number, good=True)
        if kind == "rename" and len(self.model.claiming(self.model.files[name].claims)) > 1:
            return  # while it is on its way the other one stands alone, and is right to run
        path, before = self.h.directory / name, len(self.ledger.calls)
        self.tell(f"{kind} {name}")
        if kind == "touch":
            path.touch()
            path.chmod(0o600)
        elif kind == "rewrite":
            self.h.write(name, path.read_text() + "# a comment\n", settle=False)
        elif kind == "rename":
            new = self.fresh_name()
            self.model.rename(name, new)
            path.rename(path.with_name(new))
            self.see()
        else:
            file = self.model.files[name]
            self.put(name, {**file.doc, "labels": {"n": str(number)}})
        self.settle()
        if self.healthy:
            assert self.ledger.calls[before:] == []

    # --- time, failures, events ---------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.5, 5.0, 40.0]))
    def time_passes(self, seconds):
        for _ in range(20):
            self.h.clock.advance(seconds / 20)
            time.sleep(0.001)
        self.settle()

    @rule(plan=failure, count=st.integers(1, 4))
    def code_will_fail(self, plan, count):
        if plan[1] == "start hook":  # LIMIT
            count = 0 if self.script.planned[plan[:2]] else 1
        self.healthy = False
        self.tell(f"plan {plan} {count}")
        self.script.plan(*plan, count)

    @rule(count=st.integers(1, 3))
    def events_come(self, count):
        self.publish(count)
        self.settle()

    def publish(self, count):
        for _ in range(count):
            self.sent += 1
            self.tell(f"event {self.sent} for {sorted(self.model.wanted())}")
            self.h.manager.publish(Event(type="note", source="/test", id=str(self.sent))).result(10)
            for key in self.model.wanted():
                self.owed[key].append(self.sent)
            for key in IDS:
                self.allowed[key].add(self.sent)

    @rule()
    def all_is_well_again(self):
        self.heal()

    # --- the process --------------------------------------------------------------------------------------------

    @rule(numbers=st.lists(st.tuples(pick, st.sampled_from(["add", "edit", "disable", "delete"])), max_size=2))
    def restart(self, numbers):
        self.tell("stop")
        self.h.stop(2.0)
        if self.healthy:
            assert (self.ledger.running(), self.ledger.hooks()) == ({}, {})
            assert not any(self.ledger.up(integration) for integration in FAILURES)
        self.start_again(numbers)

    @rule(
        number=pick,
        kind=st.sampled_from(["add", "edit", "disable", "delete"]),
        events=st.integers(0, 2),
        numbers=st.lists(st.tuples(pick, st.sampled_from(["add", "edit", "disable", "delete"])), max_size=2),
        wait=st.sampled_from([0.0, 0.005, 0.06, 0.12]),
    )
    def kill(self, number, kind, events, numbers, wait):
        self.touched = set()
        self.edit_one(number, kind)
        self.h.manager.look()
        sent = self.sent
        self.publish(events)
        for _ in range(int(wait / 0.005)):
            self.h.clock.advance(0.005)
            time.sleep(0.005)
        self.tell("kill")
        on_disk = kill(self.h, self.ledger)
        seen = copy.deepcopy(self.model)
        seen.seen()
        assert on_disk in (seen.accepted, self.model.accepted)  # as before the edit or as after it, nothing between
        if on_disk == seen.accepted:
            self.model = seen
        self.start_again(numbers)
        for key in self.touched:  # whoever changed meanwhile may have been left out
            self.owed[key] = [n for n in self.owed[key] if n <= sent]

    def start_again(self, edits):
        self.ledger.new_epoch()
        for number, kind in edits:
            self.edit_one(number, kind)
        self.model.restarted()
        self.tell("start")
        self.h.manager.start(wait=False)
        self.until(lambda: self.h.manager.engine.ready, "the first pass")
        self.settle()

    # --- changes while something is under way -------------------------------------------------------------------

    @rule(
        held=held_back,
        first=st.tuples(pick, st.sampled_from(["add", "edit", "disable", "delete", "change id"])),
        then=st.lists(st.tuples(pick, st.sampled_from(["add", "edit", "disable", "delete", "change id"])), max_size=3),
    )
    def files_change_during_a_call(self, held, first, then):
        gate = self.script.gates[held] = Gate()
        self.tell(f"hold {held}")
        if held[1] == "deliver":
            self.publish(1)
        try:
            for number, kind in (first, *then):
                self.edit_one(number, kind)
                self.see()
        finally:
            self.tell("let go")
            gate.opened.set()
            self.script.gates.clear()
        self.settle()

    # --- what is waited for -------------------------------------------------------------------------------------

    def until(self, condition, what, step=0.02):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about: {self.differences()}"
            time.sleep(0.001)
            self.h.clock.advance(step)

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

        async def has_seen():
            waits = controller.inbox or controller._is_looking or controller._newcomers
            due = controller._recheck_at is not None or controller._p.absences.recheck_at is not None
            return controller.looks > looks and not waits and not due

        self.until(lambda: self.h.manager.engine._submit(has_seen()).result(10), "a look", step=0.002)
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

    # --- what always holds --------------------------------------------------------------------------------------

    @invariant()
    def laws(self):
        try:
            self.check()
        except AssertionError as error:  # threads make it hard to come by again: tell all that can be told
            error.add_note("\n".join((*self.story, repr(self.model.files), repr(self.model.accepted))))
            raise

    def check(self):
        self.nothing_happened_that_must_not()
        self.deliveries_come_in_order()
        if self.h.manager._engine is not None:
            self.what_the_engine_says_is_what_the_code_was_told()
            self.nothing_runs_that_no_file_asks_for()
            self.while_nothing_fails_all_is_as_the_model_says()

    def nothing_happened_that_must_not(self):
        assert self.ledger.wrong == []

    def what_the_engine_says_is_what_the_code_was_told(self):
        manager = self.h.manager
        told = {c.id: [c.settings.serial] for c in manager.get_configs()}
        assert self.ledger.running() == told
        integrations = {i.id: [0] for i in manager.engine.integrations() if i.state is IntegrationState.ACTIVE}
        assert self.ledger.hooks() == {**told, **integrations}
        assert {i for i in FAILURES if self.ledger.up(i)} == set(integrations)

    def nothing_runs_that_no_file_asks_for(self):
        assert set(self.ledger.running()) <= set(self.model.wanted())

    def while_nothing_fails_all_is_as_the_model_says(self):
        if self.healthy:
            assert self.differences() == []

    def deliveries_come_in_order(self):
        for key in IDS:
            first = list(dict.fromkeys(self.ledger.received[key]))
            assert first == sorted(first), (key, first)
            assert set(first) <= self.allowed[key]


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
    engine._queue.close()
    engine._store.close()
    engine._lock.release()
    ledger.new_epoch()
    return on_disk


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=LONG or 20,
    stateful_step_count=30,
    derandomize=not LONG,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
TestLife = pytest.mark.slow(pytest.mark.timeout(7200 if LONG else 180)(TestLife))
