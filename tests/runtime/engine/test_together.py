"""Starting many at once, where an integration hears nothing of single configurations: it comes to what one by one does."""

import threading

import pytest
from pydantic import BaseModel, model_validator

from reconciler.config.secret_sources import FileProvider
from reconciler.sdk import Integration, Secret

PLAIN = {"config_enabled": Integration.config_enabled, "config_disabled": Integration.config_disabled}
HEARS = {"config_enabled": lambda *_: None, "config_disabled": lambda *_: None}


class Picky(BaseModel):
    number: int
    token: Secret | None = None

    @model_validator(mode="after")
    def _even(self):
        if self.number % 2:
            raise ValueError("an odd number")
        return self


def told(h, key):
    status = h.config(key)
    conditions = [(c.type, c.status, c.reason, c.message) for c in status.conditions]
    return status.state, status.reason, status.message, status.stale, status.digest, conditions


@pytest.mark.parametrize("settings", [{"number": 2}, {"number": 3}, {"number": 2, "token": {"secret": "env:NO_SUCH"}}])
def test_status_of_each_is_that_of_one_started_by_itself(harness, make, doc, settings):
    found = []
    for how in (PLAIN, HEARS):
        h = harness(make(Settings=Picky, **how))
        for n in range(20):
            h.write(f"{n}.yaml", doc(f"n{n}", settings=settings if n == 7 else {"number": 0}), settle=False)
        h.start()
        found.append([told(h, f"diary/n{n}") for n in range(20)])
    assert found[0] == found[1]


def test_secret_that_appears_later_starts_what_waited_among_many(harness, make, doc, monkeypatch):
    h = harness(make(Settings=Picky, **PLAIN))
    for n in range(20):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"number": 0, "token": {"secret": "file:t"}}), settle=False)
    h.start()
    (h.secrets / "t").write_text("x")
    h.advance(5)
    assert {h.state(f"diary/n{n}") for n in range(20)} == {"active"}


def test_change_while_many_start_is_what_runs_in_the_end(harness, make, doc):
    entered, go_on = threading.Event(), threading.Event()

    class Slow(BaseModel):
        channel: str = ""

        @model_validator(mode="after")
        def _slowly(self):
            entered.set()
            go_on.wait(20)
            return self

    h = harness(make(Settings=Slow, **PLAIN))
    for n in range(20):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"channel": "old"}), settle=False)
    h.manager.start(wait=False)
    entered.wait(20)
    for n in range(0, 20, 2):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"channel": "new"}), settle=False)
    h.delete("1.yaml", settle=False)
    go_on.set()
    h.settle()
    h.advance(1)
    running = {config.name: config.settings.channel for config in h.manager.engine.configs_of("diary")}
    assert running == {f"n{n}": "old" if n % 2 else "new" for n in range(20) if n != 1}


@pytest.mark.parametrize("how", [PLAIN, HEARS], ids=["together", "each"])
def test_deadline_of_a_configuration_is_not_shared_by_all_whose_settings_are_validated(harness, make, doc, how):
    class Slow(BaseModel):
        number: int = 0

        @model_validator(mode="after")
        def _slowly(self):
            h.clock.advance(0.4)
            h.clock.let_wake(5)
            return self

    h = harness(make(Settings=Slow, config_deadline=1.0, **how))
    for n in range(20):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"number": n}), settle=False)
    h.start()
    h.settle()
    assert {h.state(f"diary/n{n}") for n in range(20)} == {"active"}
    assert h.manager.engine._world.integrations["diary"].disowned == 0


def test_call_that_hangs_for_many_costs_the_lane_once(harness, make, doc):
    hangs, release = [True], threading.Event()

    class Hanging(BaseModel):
        number: int = 0

        @model_validator(mode="after")
        def _hang(self):
            if hangs:
                hangs.clear()
                release.wait(30)
            return self

    h = harness(make(Settings=Hanging, config_deadline=5.0, **PLAIN))
    for n in range(20):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"number": n}), settle=False)
    h.manager.start(wait=False)
    h.wait_until(lambda: not hangs, "the call that hangs")
    h.advance(12)
    release.set()
    assert {h.state(f"diary/n{n}") for n in range(20)} == {"active"}
    assert h.manager.engine._world.integrations["diary"].disowned == 1


def test_defaults_that_are_none_fail_each_with_a_reason(harness, make, doc):
    h = harness(make(default_settings=None, Settings=None, **PLAIN))
    for n in range(3):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={}), settle=False)
    h.start()
    assert {(h.state(f"diary/n{n}"), "NoneType" in h.config(f"diary/n{n}").message) for n in range(3)} == {
        ("failed", True)
    }


@pytest.mark.parametrize("how", [PLAIN, HEARS], ids=["together", "each"])
def test_defaults_that_cannot_be_had_fail_each_with_a_reason(harness, make, doc, how):
    def broken(self):
        raise LookupError("no defaults today")

    h = harness(make(default_settings=property(broken), Settings=None, **how))
    for n in range(3):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={}), settle=False)
    h.start()
    assert {(h.state(f"diary/n{n}"), "no defaults today" in h.config(f"diary/n{n}").message) for n in range(3)} == {
        ("failed", True)
    }


def test_secret_that_does_not_answer_holds_up_none_of_those_that_start_with_it(harness, make, doc):
    go_on = threading.Event()

    class Hanging(FileProvider):
        def resolve(self, path):
            assert go_on.wait(20)
            return super().resolve(path)

    def initialize(self):
        h.manager.engine._tools.secrets._providers["file"] = Hanging(h.secrets)

    def runs(name):
        return next((c.settings.number for c in h.manager.engine.configs_of("diary") if c.name == name), None)

    h = harness(make(Settings=Picky, initialize=initialize, **PLAIN))
    (h.secrets / "t").write_text("x")
    h.write("slow.yaml", doc("slow", settings={"number": 0, "token": {"secret": "file:t"}}), settle=False)
    for n in range(5):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"number": 0}), settle=False)
    h.manager.start(wait=False)
    h.wait_until(lambda: runs("n4") == 0)
    h.write("0.yaml", doc("n0", settings={"number": 2}), settle=False)
    h.delete("1.yaml", settle=False)
    h.manager.look()
    h.wait_until(lambda: runs("n0") == 2 and runs("n1") is None, "an edit and a removal beside one that hangs")
    assert runs("slow") is None
    go_on.set()
    h.wait_until(lambda: runs("slow") == 0)
    h.settle()
    assert h.state("diary/slow") == "active"
