"""Effects across restarts: left by them, and removed at the next start when their owner has gone meanwhile."""

from concurrent.futures import Future

import pytest

from reconciler.model.effect import EffectStatus
from reconciler.model.errors import StateError
from reconciler.model.state import ConfigState, IntegrationState
from reconciler.runtime.state import override_rows as rows
from reconciler.sdk import Integration, ResourceHook


def doc(name="a", **settings):
    return {"integration": "github", "name": name, "settings": settings}


def effects(h, config_id="github/a"):
    return [(e.key, e.status, e.handle) for e in h.config(config_id).effects]


def integration(h, key="github"):
    return next(i for i in h.manager.engine.integrations() if i.id == key)


def fails_once(store, name):
    """Have one write of a state store fail, as on a full disk; returns what is empty once it has."""
    write, left = getattr(store, name), [StateError("the disk is full")]

    def full(*values):
        if not left:
            return write(*values)
        failed = Future()
        failed.set_exception(left.pop())
        return failed

    setattr(store, name, full)
    return left


def condition(h, kind, config_id="github/a"):
    return next((c for c in h.config(config_id).conditions if c.type == kind), None)


def test_restart_ensures_again_and_removes_nothing(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.start()
    assert remote.calls == ["ensure r", "ensure r"]
    assert effects(h) == [("hook:r", EffectStatus.HELD, {"id": 1})]


@pytest.mark.parametrize("sync", [True, False])
def test_config_that_vanished_while_nothing_ran_is_removed_at_the_next_start(harness, remote, github, sync):
    cls = github(sync=sync)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.delete("a.yaml", settle=False)
    remote.calls.clear()
    h.start()
    h.wait_until(lambda: h.state("github/a") is None)
    assert remote.calls == ["remove 1"]
    h.settle()
    assert integration(h).state is IntegrationState.REGISTERED
    assert cls.diary == ["enabled a", "disabled a"] * 2


def test_removal_after_a_restart_is_tried_again_with_backoff(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.delete("a.yaml", settle=False)
    remote.down = True
    h.start()
    h.advance(60)
    assert h.state("github/a") is ConfigState.REMOVING
    assert 3 <= remote.calls.count("remove 1") <= 30
    h.stop()
    h.start()
    remote.down = False
    h.advance(120)
    assert (h.state("github/a"), remote.hooks) == (None, {})


def test_disabled_while_nothing_ran_is_removed_at_the_next_start(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.write("a.yaml", doc(repo="r") | {"enabled": False}, settle=False)
    h.start()
    h.wait_until(lambda: remote.hooks == {})
    h.settle()
    assert (h.state("github/a"), effects(h)) == (ConfigState.DISABLED, [])


def test_key_changed_while_nothing_ran_replaces_the_effect(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.write("a.yaml", doc(repo="s"), settle=False)
    h.start()
    h.wait_until(lambda: remote.hooks == {"s": 2})
    h.settle()
    assert effects(h) == [("hook:s", EffectStatus.HELD, {"id": 2})]
    assert h.state("github/a") is ConfigState.ACTIVE


def test_integration_that_is_not_installed_any_more_says_so_and_forget_ends_it(harness, remote, github):
    cls = github()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.delete("a.yaml", settle=False)
    h.manager._catalogue.unregister("github")
    h.start()
    h.settle()
    assert h.state("github/a") is ConfigState.REMOVING
    assert condition(h, "CleanedUp").reason == "NotInstalled"
    assert "reconcile forget github/a" in h.config("github/a").message
    assert h.manager.engine.outside.forget("github/a", "hook:other", "test") == 0
    assert h.manager.engine.outside.forget("github/a", "hook:r", "test") == 1
    h.settle()
    assert (h.state("github/a"), remote.hooks) == (None, {"r": 1})
    assert not h.manager.engine.status().alarms


def test_integration_that_is_installed_again_removes_what_was_left(harness, remote, github):
    cls = github()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.stop()
    h.delete("a.yaml", settle=False)
    h.manager._catalogue.unregister("github")
    h.start()
    h.settle()
    h.manager.register_integration_class(cls)
    h.advance(600)
    assert (h.state("github/a"), remote.hooks) == (None, {})


def test_effect_of_the_integration_itself_goes_with_the_last_config(harness, remote, github):
    def initialize(self):
        ResourceHook(self, "app", lambda: remote.ensure("app"), remote.remove)

    h = harness(github(initialize=initialize, config_enabled=Integration.config_enabled))
    h.start()
    h.write("a.yaml", doc())
    assert [e.key for e in integration(h).effects] == ["app"]
    h.stop()
    h.delete("a.yaml", settle=False)
    h.start()
    h.wait_until(lambda: remote.hooks == {})
    h.settle()
    assert integration(h).state is IntegrationState.REGISTERED
    assert integration(h).effects == ()


def test_held_removal_keeps_its_effect(harness, remote, github):
    h = harness(github())
    h.start()
    for n in range(8):
        h.write(f"{n}.yaml", doc(f"c{n}", repo=f"r{n}"), settle=False)
    h.settle()
    h.stop()
    for n in range(8):
        h.delete(f"{n}.yaml", settle=False)
    h.start()
    h.settle()
    assert len(remote.hooks) == 8
    assert h.manager.engine.approve(h.manager.engine.status().held_digest, "test")
    h.settle()
    h.wait_until(lambda: remote.hooks == {})


def test_effect_of_an_integration_that_is_not_installed_any_more_is_an_alarm(harness, remote, github):
    def initialize(self):
        ResourceHook(self, "app", lambda: remote.ensure("app"), remote.remove)

    h = harness(github(initialize=initialize, config_enabled=Integration.config_enabled))
    h.start()
    h.write("a.yaml", doc())
    h.stop()
    h.delete("a.yaml", settle=False)
    h.manager._catalogue.unregister("github")
    h.start()
    h.settle()
    h.wait_until(lambda: bool(h.manager.engine.status().alarms))
    assert "reconcile forget github" in h.manager.engine.status().alarms[0]
    assert h.manager.engine.outside.forget("github", None, "test") == 1
    h.wait_until(lambda: not h.manager.engine.status().alarms)


def test_approved_removal_whose_effect_is_left_is_not_held_again_after_a_restart(harness, remote, github):
    cls = github()
    h = harness(cls)
    h.start()
    for n in range(8):
        h.write(f"{n}.yaml", doc(f"c{n}", repo=f"r{n}"), settle=False)
    h.settle()
    for n in range(8):
        h.delete(f"{n}.yaml", settle=False)
    h.settle()
    remote.down = True
    assert h.manager.engine.approve(h.manager.engine.status().held_digest, "test")
    h.settle()
    h.stop()
    del cls.diary[:], remote.calls[:]
    h.start()
    h.settle()
    assert (h.state("github/c0"), h.manager.engine.status().held) == (ConfigState.REMOVING, 0)
    assert not [call for call in remote.calls if call.startswith("ensure")]
    remote.down = False
    h.advance(600)
    assert remote.hooks == {}


def test_effect_is_known_after_a_restart_although_the_state_was_rebuilt_meanwhile(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    store = h.manager.engine._store
    root = store.load_root()
    (store.directory / "state.db").unlink()
    h.settle()
    h.wait_until(lambda: store.load_root() is not None and store.load_effects() and store.load_good())
    assert store.load_root() == root
    h.stop()
    h.delete("a.yaml", settle=False)
    h.start()
    h.wait_until(lambda: remote.hooks == {})


def test_what_cannot_be_written_into_a_rebuilt_state_at_once_is_written_a_little_later(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.manager.overrides.pause("github/a")
    store = h.manager.engine._store
    full = [fails_once(store, name) for name in ("save_effect", "save_root", "submit")]
    (store.directory / "state.db").unlink()
    h.settle()
    h.wait_until(lambda: not any(full))
    h.wait_until(lambda: not any("the disk is full" in alarm for alarm in h.manager.engine.alarms()))
    assert store.load_root() is not None
    assert [row.key for row in store.load_effects()] == ["hook:r"]
    assert [one.word for one in store.submit(rows.load).result(5)] == ["paused"]
