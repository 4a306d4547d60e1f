"""The laws of life: whatever happens to the files, the code and the process, what runs is what the model says.

A state machine drives a whole engine: real files, fake integrations that fail as they are told, virtual time. For a
long run: `LIFE_EXAMPLES=2000 pytest tests/runtime/life/test_life_laws.py`.
"""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from life_fakes import FAILURES, Gate
from life_stage import IDS, Stage, kill

from reconciler.model.state import IntegrationState

LONG = int(os.environ.get("LIFE_EXAMPLES", "0"))
pick = st.integers(0, 99)
failure = st.sampled_from([(i, m, k) for i, methods in FAILURES.items() for m, kinds in methods.items() for k in kinds])
held_back = st.sampled_from([(i, m) for i, methods in FAILURES.items() for m in methods if "hook" not in m])


class Life(Stage, RuleBasedStateMachine):
    """The rules and the laws; what they are made of is the stage's."""

    def __init__(self):
        RuleBasedStateMachine.__init__(self)
        Stage.__init__(self)

    @initialize()
    def begin(self):
        self.h.start()

    def teardown(self):
        self.ledger.let_go()
        self.h.stop(2.0)
        self.ledger.let_go()
        self.h.__exit__(None, None, None)

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
            assert self.ledger.calls[before:] == [], self.story

    # --- time, failures, events ---------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.5, 5.0, 40.0]))
    def time_passes(self, seconds):
        self.let_pass(seconds)
        self.settle()

    @rule(plan=failure, count=st.integers(1, 4))
    def code_will_fail(self, plan, count):
        self.healthy = False
        self.tell(f"plan {plan} {count}")
        self.script.plan(*plan, count)

    @rule(count=st.integers(1, 3))
    def events_come(self, count):
        self.publish(count)
        self.settle()

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
            time.sleep(0.001)
        self.tell("kill")
        on_disk = kill(self.h, self.ledger)
        self.telling(lambda: self.survived(on_disk))
        self.start_again(numbers)
        for key in self.touched:  # whoever changed meanwhile may have been left out
            self.owed[key] = [n for n in self.owed[key] if n <= sent]

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

    # --- what always holds --------------------------------------------------------------------------------------

    @invariant()
    def laws(self):
        self.telling(self.check)

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


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=LONG or 25,
    stateful_step_count=30,
    derandomize=not LONG,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
TestLife = pytest.mark.slow(pytest.mark.timeout(7200 if LONG else 400)(TestLife))
