"""Effects that outlive the process: ensured with their owner, left by a restart, removed once, whatever happens."""

import pytest
from pydantic import BaseModel

from reconciler.compose.build import build_engine
from reconciler.compose.options import EngineOptions
from reconciler.model.effect import EffectStatus
from reconciler.model.state import ConfigState, IntegrationState
from reconciler.sdk import ResourceHook, Secret, TerminalError
from reconciler.sdk.describe import describe_class


def doc(name="a", **settings):
    return {"integration": "github", "name": name, "settings": settings}


def effects(h, config_id="github/a"):
    return [(e.key, e.status, e.handle) for e in h.config(config_id).effects]


def integration(h, key="github"):
    return next(i for i in h.manager.engine.integrations() if i.id == key)


def condition(h, kind, config_id="github/a"):
    return next((c for c in h.config(config_id).conditions if c.type == kind), None)


@pytest.mark.parametrize("sync", [True, False])
def test_enabled_config_ensures_and_keeps_the_handle(harness, remote, github, sync):
    h = harness(github(sync=sync))
    h.start()
    h.write("a.yaml", doc(repo="r"))
    assert effects(h) == [("hook:r", EffectStatus.HELD, {"id": 1})]
    assert remote.hooks == {"r": 1}


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("how", ["deleted", "disabled"])
def test_effect_goes_when_its_owner_is_deleted_or_disabled(harness, remote, github, sync, how):
    h = harness(github(sync=sync))
    h.start()
    h.write("a.yaml", doc(repo="r"))
    if how == "deleted":
        h.delete("a.yaml")
    else:
        h.write("a.yaml", doc(repo="r") | {"enabled": False})
        assert effects(h) == []
    assert remote.calls == ["ensure r", "remove 1"]
    assert integration(h).state is IntegrationState.REGISTERED


def test_edit_that_keeps_the_key_does_not_remove(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.write("a.yaml", doc(repo="r", more=1))
    assert remote.calls == ["ensure r", "ensure r"]
    h.delete("a.yaml")
    assert remote.hooks == {}


def test_changed_key_is_ensured_before_the_old_one_is_removed(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.write("a.yaml", doc(repo="s"))
    assert remote.calls == ["ensure r", "ensure s", "remove 1"]
    assert effects(h) == [("hook:s", EffectStatus.HELD, {"id": 2})]


def test_two_configs_that_share_an_effect_keep_it_until_the_last_goes(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc("a", repo="r"))
    h.write("b.yaml", doc("b", repo="r"))
    h.delete("a.yaml")
    assert remote.hooks == {"r": 1}
    h.delete("b.yaml")
    assert remote.calls == ["ensure r", "ensure r", "remove 1"]


def test_same_key_with_another_handle_is_another_effect(harness, remote, github):
    def enabled(self, config):
        ResourceHook(config, "webhook", lambda: remote.ensure(config.name), remote.remove)

    h = harness(github(config_enabled=enabled))
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("b"))
    h.delete("a.yaml")
    assert remote.hooks == {"b": 2}


def test_failing_removal_is_tried_again_until_it_succeeds(harness, remote, github):
    cls = github()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc(repo="r"))
    remote.down = True
    h.delete("a.yaml")
    h.advance(20)
    assert h.state("github/a") is ConfigState.REMOVING
    assert "hook:r" in h.config("github/a").message
    assert "unreachable" in condition(h, "CleanedUp").message
    assert h.manager.engine.status().alarms
    assert integration(h).state is IntegrationState.ACTIVE
    remote.down = False
    h.advance(120)
    assert h.state("github/a") is None
    assert remote.hooks == {}
    assert cls.diary == ["enabled a", "disabled a"]
    assert integration(h).state is IntegrationState.REGISTERED
    assert not h.manager.engine.status().alarms


def test_retry_does_not_wait_for_the_backoff_of_a_removal(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    remote.down = True
    h.delete("a.yaml")
    h.advance(300)
    remote.down = False
    assert h.manager.engine.retry("github/a", "test")
    h.settle()
    assert (h.state("github/a"), remote.hooks) == (None, {})


def test_config_that_comes_back_while_it_is_being_removed_keeps_its_effect(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    remote.down = True
    h.delete("a.yaml")
    h.write("a.yaml", doc(repo="r"))  # before the removal is tried again, and may succeed
    remote.down = False
    h.advance(600)
    assert h.state("github/a") is ConfigState.ACTIVE
    assert remote.hooks == {"r": 1}
    assert effects(h) == [("hook:r", EffectStatus.HELD, {"id": 1})]


def test_config_deleted_while_it_fails_leaves_no_effect(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r", fails=True))
    assert remote.hooks == {"r": 1}
    h.delete("a.yaml")
    h.wait_until(lambda: h.state("github/a") is None)
    assert remote.hooks == {}


def test_reverted_update_that_had_ensured_another_effect_removes_it(harness, remote, github):
    h = harness(github())
    h.start()
    h.write("a.yaml", doc(repo="r"))
    h.write("a.yaml", doc(repo="s", fails=True))
    assert remote.hooks == {"r": 1, "s": 2}
    h.write("a.yaml", doc(repo="r"))
    h.wait_until(lambda: remote.hooks == {"r": 1})
    h.settle()
    assert effects(h) == [("hook:r", EffectStatus.HELD, {"id": 1})]


@pytest.mark.parametrize(
    ("handle", "says"),
    [(object(), "not a JSON value"), ("x" * 20_000, "larger than 16 KiB"), ({"t": "s3cret-token"}, "secret")],
)
def test_handle_that_may_not_be_kept_is_refused_and_the_intent_stays(harness, remote, github, handle, says):
    def enabled(self, config):
        ResourceHook(config, "k", lambda: handle, remote.remove)

    h = harness(github(config_enabled=enabled))
    (h.secrets / "t").write_text("s3cret-token")
    h.start()
    h.write("a.yaml", doc(token={"secret": "file:t"}))
    status = h.config("github/a")
    assert status.state is ConfigState.FAILED
    assert says in status.message
    assert "s3cret-token" not in status.message
    assert effects(h) == [("k", EffectStatus.INTENT, None)]


def test_handle_that_holds_a_literal_secret_is_refused_as_well(harness, remote, github):
    class Settings(BaseModel):
        token: Secret

    def enabled(self, config):
        ResourceHook(config, "k", lambda: {"id": config.settings.token.reveal()}, remote.remove)

    h = harness(github(config_enabled=enabled, Settings=Settings), allow_plaintext_secrets=True)
    h.start()
    h.write("a.yaml", doc(token="s3cret-token"))
    assert "holds the value of a secret" in h.config("github/a").message
    assert effects(h) == [("k", EffectStatus.INTENT, None)]


def test_effect_without_a_handle_is_removed_by_none(harness, remote, github):
    removed = []

    def enabled(self, config):
        ResourceHook(config, "k", lambda: None, removed.append)

    h = harness(github(config_enabled=enabled))
    h.start()
    h.write("a.yaml", doc())
    h.delete("a.yaml")
    assert removed == [None]


def test_trial_run_ensures_nothing(tmp_path, remote, github):
    engine = build_engine(EngineOptions(tmp_path / "configs", tmp_path / "state", integrations=()), deliver=False)
    cls = github()
    engine.catalogue.register(describe_class(cls), cls)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: github\nname: a\n")
    engine.start()
    assert engine.wait_ready(20)
    state = engine.config("github/a").state
    engine.stop()
    assert (state, remote.calls) == (ConfigState.ACTIVE, [])


def test_two_effects_of_one_owner_with_one_key_are_refused(harness, remote, github):
    def enabled(self, config):
        for _ in range(2):
            ResourceHook(config, "k", lambda: remote.ensure("k"), remote.remove)

    h = harness(github(config_enabled=enabled))
    h.start()
    h.write("a.yaml", doc())
    assert "effect:github/a:k" in h.config("github/a").message


def test_removal_that_is_terminal_waits_and_says_why(harness, remote, github):
    def remove(handle):
        raise TerminalError("the account is closed")

    def enabled(self, config):
        ResourceHook(config, "k", lambda: remote.ensure("k"), remove)

    h = harness(github(config_enabled=enabled))
    h.start()
    h.write("a.yaml", doc())
    h.delete("a.yaml")
    assert "the account is closed" in h.config("github/a").message
    h.manager.engine.outside.forget("github/a", None, "test")
    h.settle()
    assert h.state("github/a") is None
