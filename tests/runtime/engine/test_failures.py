"""What fails stays where it fails: errors, hangs, rollbacks, retries."""

import asyncio

import pytest

from reconciler.model.state import ConfigState, IntegrationState, StateReason
from reconciler.sdk import EventHook, TerminalError


def integration(harness, key="diary"):
    return next(i for i in harness.manager.engine.integrations() if i.id == key)


def test_failing_initialize_leaves_no_hook_and_is_retried(harness, make, doc):
    def initialize(self):
        EventHook(self, self.deliver)
        EventHook(self, self.deliver)
        self.diary.append("try")
        if len(self.diary) < 3:
            raise RuntimeError("not yet")

    cls = make(initialize=initialize)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    assert integration(h).state is IntegrationState.FAILED
    assert integration(h).hooks == ()
    assert h.state("diary/a") is ConfigState.PENDING
    assert h.config("diary/a").reason is StateReason.INTEGRATION_NOT_READY
    h.advance(10)
    assert cls.diary == ["try"] * 3 + ["enabled a #default"]
    assert h.state("diary/a") is ConfigState.ACTIVE


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_failed_integration_that_nobody_wants_any_more_is_at_rest(harness, make, doc, how):
    def initialize(self):
        raise TerminalError("no account")

    h = harness(make(initialize=initialize))
    h.start()
    h.write("a.yaml", doc("a"))
    assert integration(h).state is IntegrationState.FAILED
    if how == "disabled":
        h.write("a.yaml", doc("a", enabled=False))
    else:
        h.delete("a.yaml")
    assert integration(h).state is IntegrationState.REGISTERED


def test_terminal_error_is_not_tried_again_until_its_input_changes(harness, make, doc):
    def enabled(self, config):
        self.diary.append(f"try {config.settings.channel}")
        if config.settings.channel == "#bad":
            raise TerminalError("no such channel")

    cls = make(config_enabled=enabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "#bad"}))
    h.advance(600)
    assert cls.diary == ["initialize", "try #bad"]
    assert h.config("diary/a").message == "no such channel"
    h.write("a.yaml", doc("a", settings={"channel": "#good"}))
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_failed_update_keeps_the_old_one(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"port": 80}))
    h.write("a.yaml", doc("a", settings={"port": 13}))
    status = h.config("diary/a")
    assert (status.state, status.reason) == (ConfigState.ACTIVE, StateReason.UPDATE_FAILED)
    assert status.digest != status.desired_digest
    assert "close 80 replaced" not in cls.diary
    assert status.hooks == ("PortHook",)


def test_failed_update_that_had_to_stop_the_old_hook_starts_it_again(harness, make, doc):
    calls = []

    def enabled(self, config):
        port_hook(self, config, calls)

    cls = make(config_enabled=enabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"port": 80}))
    h.write("a.yaml", doc("a", settings={"port": 80, "channel": "#fail"}))
    assert calls == ["start #default", "stop #default", "start #fail", "stop #fail", "start #default"]
    assert h.state("diary/a") is ConfigState.ACTIVE


def port_hook(integration, config, calls):
    from reconciler.sdk import Hook

    class OnlyOne(Hook):
        exclusive = "port:80"

        def start(self, host):
            calls.append(f"start {config.settings.channel}")
            if config.settings.channel == "#fail":
                raise OSError("in use")

        def stop(self, reason):
            calls.append(f"stop {config.settings.channel}")

    OnlyOne(config)


@pytest.mark.parametrize("kind", ["sync", "async", "stubborn", "blocking"])
def test_hanging_initialize_is_abandoned_and_others_run(harness, make, doc, kind):
    def hang(self):
        self.release.wait(20)

    async def hang_async(self):
        await asyncio.sleep(1000)

    async def hang_stubborn(self):
        while not self.release.is_set():
            try:
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:
                pass

    async def hang_blocking(self):
        self.release.wait(20)

    hangs = {"sync": hang, "async": hang_async, "stubborn": hang_stubborn, "blocking": hang_blocking}
    bad = make(initialize=hangs[kind], integration_id="bad")
    good = make()
    h = harness(bad, good)
    h.write("bad.yaml", doc("x", integration="bad"), settle=False)
    h.write("good.yaml", doc("a"), settle=False)
    h.manager.start(wait=False)
    h.wait_until(lambda: h.state("diary/a") is ConfigState.ACTIVE)

    def told():
        h.clock.advance(0.5)
        return [o.message for o in h.outcomes if o.action.key == "bad" and o.status == "failed"]

    h.wait_until(lambda: bool(told()))
    assert "did not return within 30 s" in told()[0]
    assert h.state("diary/a") is ConfigState.ACTIVE
    bad.release.set()


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_base_exception_of_an_integration_is_contained(harness, make, doc, kind):
    def enabled(self, config):
        if config.name == "bad":
            raise kind("out")

    h = harness(make(config_enabled=enabled))
    h.write("bad.yaml", doc("bad"), settle=False)
    h.write("good.yaml", doc("good"), settle=False)
    h.start()
    assert (h.state("diary/bad"), h.state("diary/good")) == (ConfigState.FAILED, ConfigState.ACTIVE)


def test_raising_shutdown_removes_every_hook(harness, make, doc):
    def shutdown(self):
        raise RuntimeError("no")

    cls = make(shutdown=shutdown)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml")
    status = integration(h)
    assert (status.state, status.hooks) == (IntegrationState.REGISTERED, ())
    assert any(c.type == "CleanedUp" and c.status == "False" for c in status.conditions)


def test_secret_missing_is_pending_and_starts_when_it_appears(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"token": {"secret": "file:token"}}))
    status = h.config("diary/a")
    assert (status.state, status.reason) == (ConfigState.PENDING, StateReason.SECRET_MISSING)
    (h.secrets / "token").write_text("s3cret")
    h.advance(10)
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_rotated_secret_reapplies_only_its_users(harness, make, doc):
    cls = make()
    h = harness(cls)
    (h.secrets / "token").write_text("one")
    h.start()
    h.write("a.yaml", doc("a", settings={"token": {"secret": "file:token"}}))
    h.write("b.yaml", doc("b"))
    cls.diary.clear()
    (h.secrets / "token").write_text("two")
    h.settle()
    assert cls.diary == ["enabled a #default", "disabled a #default"]
    assert h.manager.get_configs("diary")[0].settings.token.reveal() == "two"


def test_vanished_secret_leaves_the_one_in_memory(harness, make, doc):
    cls = make()
    h = harness(cls)
    (h.secrets / "token").write_text("one")
    h.start()
    h.write("a.yaml", doc("a", settings={"token": {"secret": "file:token"}}))
    cls.diary.clear()
    (h.secrets / "token").unlink()
    h.settle()
    assert cls.diary == []
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_mass_removal_is_held_until_it_is_approved(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    for n in range(8):
        h.write(f"{n}.yaml", doc(f"c{n}"), settle=False)
    h.settle()
    for n in range(8):
        h.delete(f"{n}.yaml", settle=False)
    h.settle()
    status = h.manager.engine.status()
    assert status.held == 8
    assert h.config("diary/c0").reason is StateReason.HELD
    assert "shutdown" not in cls.diary
    assert not h.manager.engine.approve("0" * 12, "test")
    assert h.manager.engine.approve(status.held_digest, "test")
    h.settle()
    assert cls.diary[-1] == "shutdown"
    assert h.manager.engine.status().held == 0


def test_lost_root_holds_everything_and_recovers(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    aside = h.directory.with_name("aside")
    h.directory.rename(aside)
    h.settle()
    assert h.config("diary/a").reason is StateReason.HELD
    assert h.manager.engine.status().alarms
    aside.rename(h.directory)
    h.settle()
    assert not h.config("diary/a").stale
    assert not h.manager.engine.status().alarms
    assert cls.diary == ["initialize", "enabled a #default"]


def test_edit_during_a_slow_start_wins(harness, make, doc):
    def enabled(self, config):
        self.diary.append(f"start {config.settings.channel}")
        if config.settings.channel == "#slow":
            self.release.wait(20)

    cls = make(config_enabled=enabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"channel": "#slow"}), settle=False)
    h.manager.look()
    h.wait_until(lambda: "start #slow" in cls.diary)
    for n in range(20):
        h.write("a.yaml", doc("a", settings={"channel": f"#e{n}"}), settle=False)
        h.manager.look()
    cls.release.set()
    h.settle()
    assert h.manager.get_configs("diary")[0].settings.channel == "#e19"


def test_rotated_secret_that_does_not_fit_leaves_the_one_in_memory_and_hurts_nobody_else(harness, make, doc):
    cls = make()
    h = harness(cls)
    (h.secrets / "token").write_text("one")
    h.start()
    h.write("a.yaml", doc("a", settings={"token": {"secret": "file:token"}}))
    (h.secrets / "token").write_text("")
    h.write("b.yaml", doc("b"))
    assert h.state("diary/b") is ConfigState.ACTIVE
    assert h.manager.get_configs("diary")[0].settings.token.reveal() == "one"
    assert "does not fit" in h.trouble("diary/a")
    (h.secrets / "token").write_text("one")
    h.settle()
    assert h.trouble("diary/a") == ""


def test_change_that_a_failed_pass_has_seen_is_taken_in_by_the_next(harness, make, doc, monkeypatch):
    from reconciler.runtime.loop import controller

    failures, drifted = [OSError("once")], controller.drifted

    async def fails_once(*args):
        if failures and "diary/b" in h.manager.engine.config_ids():
            raise failures.pop()
        return await drifted(*args)

    h = harness(make())
    h.start()
    monkeypatch.setattr(controller, "drifted", fails_once)
    h.write("b.yaml", doc("b"))
    h.advance(100)
    assert failures == []
    assert h.state("diary/b") is ConfigState.ACTIVE
