"""A policy in a running engine: what breaches it is not applied, said, and does not come back out of the state."""

import pytest

from reconciler.compose.offline.plan import offline_plan
from reconciler.compose.options import EngineOptions
from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.sdk import TerminalError

CHANNELS = '[[folder]]\npath = "team-a"\n[folder.settings.diary.properties.channel]\npattern = "^#a-"\n'


@pytest.fixture
def h(harness, make):
    one = harness(make())
    one.write("reconcile.toml", CHANNELS, settle=False)
    one.write("team-a/x.yaml", {"integration": "diary", "name": "x", "settings": {"channel": "#a-1"}}, settle=False)
    one.start()
    return one


def put(h, channel, file="team-a/x.yaml"):
    h.write(file, {"integration": "diary", "name": "x", "settings": {"channel": channel}})
    h.advance(1)


def policy(h, text):
    h.write("reconcile.toml", text)
    h.advance(1)


def running(h):
    status = h.config("diary/x")
    return status.state.value, [d.rule for d in status.diagnostics]


def test_breach_is_not_applied_and_the_last_good_version_runs_on(h):
    put(h, "#b-1")
    status = h.config("diary/x")
    (found,) = status.diagnostics
    assert (status.state.value, status.stale, status.reason.value) == ("active", True, "Invalid")
    assert (found.rule, found.span.line, found.related[0].span.file) == ("policy", 4, "reconcile.toml")


def test_new_document_that_breaches_is_invalid(h):
    h.write("team-a/y.yaml", {"integration": "diary", "name": "y", "settings": {"channel": "#b"}})
    h.advance(1)
    assert h.state("diary/y").value == "invalid"


def test_tightened_policy_stops_what_breaches_it(h):
    policy(h, CHANNELS.replace("#a-", "#c-"))
    assert running(h) == ("invalid", ["policy"])
    policy(h, CHANNELS)
    assert running(h) == ("active", [])


def test_last_good_version_out_of_the_state_keeps_to_todays_policy(h):
    put(h, "#b-1")
    h.stop()
    h.write("reconcile.toml", CHANNELS.replace("#a-", "#c-"), settle=False)
    h.start()
    assert running(h) == ("invalid", ["policy"])


def test_last_good_version_that_keeps_to_the_policy_runs_after_a_restart(h):
    put(h, "#b-1")
    h.stop()
    h.start()
    assert running(h) == ("active", ["policy"])


def test_move_into_a_folder_where_it_may_not_stand_stops_it(h):
    policy(h, '[[folder]]\npath = "team-b"\nname_prefix = "b-"\n')
    put(h, "#a-1", "team-b/x.yaml")
    h.delete("team-a/x.yaml")
    h.advance(5)
    assert running(h) == ("invalid", ["policy"])


def test_naming_the_id_of_another_folder_stops_nothing_there(h):
    policy(h, '[[folder]]\npath = "team-b"\nname_prefix = "b-"\n')
    put(h, "#b-9", "team-b/evil.yaml")
    assert running(h) == ("active", [])
    put(h, "#a-2")
    assert h.config("diary/x").stale is False


def test_what_is_not_allowed_any_more_stops_also_where_its_successor_does_not_start(harness, make):
    def enabled(self, config):
        if config.settings.channel == "#c-broken":
            raise TerminalError("no such channel")

    h = harness(make(config_enabled=enabled))
    h.write("reconcile.toml", CHANNELS, settle=False)
    h.write("team-a/x.yaml", {"integration": "diary", "name": "x", "settings": {"channel": "#a-1"}}, settle=False)
    h.start()
    h.write("reconcile.toml", CHANNELS.replace("#a-", "#c-"), settle=False)
    put(h, "#c-broken")
    assert running(h) == ("failed", [])
    put(h, "#c-1")
    assert running(h) == ("active", [])


def test_suspension_does_not_keep_what_a_tightened_policy_does_not_allow(h):
    h.manager.engine.overrides.impose(
        OverrideRequest(OverrideKind.SUSPEND, Selector.of(["diary/x"]), None, "a freeze"), "alice"
    )
    h.settle()
    put(h, "#a-2")
    policy(h, CHANNELS.replace("#a-", "#a-2"))
    assert running(h) == ("pending", [])


def test_policy_with_an_error_changes_nothing_that_runs(h):
    policy(h, "[[folder]\n")
    assert running(h) == ("active", [])
    put(h, "#b-1")
    assert running(h) == ("active", ["policy"])


def test_policy_with_an_error_at_a_start_lets_what_was_good_run_and_nothing_new(h):
    h.stop()
    h.write("reconcile.toml", "[[folder]\n", settle=False)
    h.write("team-a/y.yaml", {"integration": "diary", "name": "y"}, settle=False)
    h.start()
    assert (h.state("diary/x").value, h.state("diary/y").value) == ("active", "invalid")
    policy(h, CHANNELS.replace("#a-", ""))
    assert (running(h), h.state("diary/y").value) == (("active", []), "active")


def test_plan_without_a_daemon_tells_what_a_policy_stops(h):
    h.stop()
    h.write("reconcile.toml", '[[folder]]\npath = "**"\nintegrations = []\n', settle=False)
    report = offline_plan(EngineOptions(h.directory, h.directory.parent / "state"))
    stopped = report.plan.actions[0]
    assert (stopped.kind.value, stopped.key, stopped.reason.value) == ("stop", "diary/x", "NotAllowed")


@pytest.mark.parametrize("restart", [False, True])
def test_loosened_policy_lets_the_last_good_version_run_again(h, restart):
    h.write("team-a/x.yaml", "integration: diary\nname: x\nsettings: {channel: [\n")
    policy(h, CHANNELS.replace("#a-", "#c-"))
    assert running(h)[0] == "invalid"
    if restart:
        h.stop()
        h.start()
        assert running(h)[0] == "invalid"
    policy(h, CHANNELS)
    status = h.config("diary/x")
    assert (status.state.value, status.stale, status.reason.value) == ("active", True, "Invalid")


def test_loosened_policy_brings_nothing_back_that_was_removed(h):
    policy(h, CHANNELS.replace("#a-", "#c-"))
    h.delete("team-a/x.yaml")
    h.advance(5)
    policy(h, CHANNELS)
    h.write("team-a/x.yaml", "integration: diary\nname: x\nsettings: {channel: [\n")
    h.advance(1)
    assert h.state("diary/x").value == "invalid"
