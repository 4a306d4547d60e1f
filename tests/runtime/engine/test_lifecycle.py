"""The lifecycle, exactly: what is called, when, how often."""

from reconciler.model.state import ConfigState, IntegrationState, StaleConfig, StateReason
from reconciler.sdk import Hook


def integration(harness, key="diary"):
    return next(i for i in harness.manager.engine.integrations() if i.id == key)


def test_registered_without_config_is_not_initialized(harness, make):
    cls = make()
    h = harness(cls)
    h.start()
    assert cls.diary == []
    assert integration(h).state is IntegrationState.REGISTERED


def test_first_enabled_config_initializes_once(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    assert cls.diary == ["initialize", "enabled a #default"]
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_hook_that_does_not_start_undoes_initialize(harness, make, doc):
    class Failing(Hook):
        def start(self, host):
            raise OSError("in use")

        def stop(self, reason):
            pass

    def initialize(self):
        self.diary.append("initialize")
        Failing(self)

    cls = make(initialize=initialize)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    assert cls.diary[:2] == ["initialize", "shutdown"]
    assert integration(h).state is IntegrationState.FAILED


def test_disabled_config_initializes_nothing(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.write("a.yaml", doc("a", enabled=False), settle=False)
    h.start()
    assert cls.diary == []
    assert h.state("diary/a") is ConfigState.DISABLED


def test_second_config_and_edit_do_not_initialize_again(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("b"))
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    assert cls.diary == [
        "initialize",
        "enabled a #default",
        "enabled b #default",
        "enabled a #new",
        "disabled a #default",
    ]
    assert integration(h).configs == 2


def test_last_one_disabled_shuts_down_once(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", enabled=False))
    assert cls.diary == ["initialize", "enabled a #default", "disabled a #default", "shutdown"]
    assert integration(h).hooks == ()
    assert h.state("diary/a") is ConfigState.DISABLED


def test_last_one_deleted_shuts_down_once(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml")
    assert cls.diary == ["initialize", "enabled a #default", "disabled a #default", "shutdown"]
    assert h.state("diary/a") is None


def test_same_object_may_be_initialized_again(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    for _ in range(2):
        h.write("a.yaml", doc("a"))
        h.delete("a.yaml")
    assert cls.diary.count("initialize") == cls.diary.count("shutdown") == 2


def test_last_one_edited_into_something_invalid_runs_on(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", "integration: diary\nname: a\nsettings: {chanel: x}\n")
    status = h.config("diary/a")
    assert cls.diary == ["initialize", "enabled a #default"]
    assert (status.state, status.stale, status.reason) == (ConfigState.ACTIVE, True, StateReason.INVALID)
    (stale,) = h.manager.engine.status().stale_configs
    assert stale == StaleConfig("diary/a", StateReason.INVALID, status.message, "a.yaml")
    assert "chanel" in status.message


def test_repair_of_an_invalid_file_calls_nothing_when_it_is_as_before(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", "integration: [")
    h.write("a.yaml", doc("a"))
    assert cls.diary == ["initialize", "enabled a #default"]
    assert not h.config("diary/a").stale


def test_touch_rename_and_rewrite_call_nothing(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    path = h.write("a.yaml", doc("a"))
    path.chmod(0o600)
    h.settle()
    h.write("a.yaml", path.read_text() + "\n# a comment\n")
    path.rename(path.with_name("b.yaml"))
    h.settle()
    assert cls.diary == ["initialize", "enabled a #default"]
    assert h.config("diary/a").file == "b.yaml"


def test_labels_change_without_a_call(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", labels={"tier": "1"}))
    assert cls.diary == ["initialize", "enabled a #default"]
    assert h.config("diary/a").labels == {"tier": "1"}


def test_config_changed_is_called_instead_where_it_is_defined(harness, make, doc):
    def changed(self, old, new):
        self.diary.append(f"changed {old.settings.channel} {new.settings.channel}")

    cls = make(config_changed=changed)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    assert cls.diary == ["initialize", "enabled a #default", "changed #default #new"]


def test_changed_id_removes_the_old_before_it_adds_the_new(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("z", settings={"port": 80}))
    h.write("a.yaml", doc("b", settings={"port": 80}))
    assert cls.diary == [
        "initialize",
        "enabled z #default",
        "open 80",
        "disabled z #default",
        "close 80 removed",
        "enabled b #default",
        "open 80",
    ]


def test_stop_shuts_everything_down_in_order(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", settings={"port": 80}))
    assert h.stop()
    assert cls.diary[-3:] == ["disabled a #default", "close 80 process", "shutdown"]


def test_restart_runs_what_ran(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.stop()
    cls.diary.clear()
    h.start()
    assert cls.diary == ["initialize", "enabled a #default"]


def test_restart_with_an_invalid_file_runs_the_last_good(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.stop()
    h.write("a.yaml", "integration: [", settle=False)
    cls.diary.clear()
    h.start()
    status = h.config("diary/a")
    assert cls.diary == ["initialize", "enabled a #default"]
    assert (status.state, status.stale) == (ConfigState.ACTIVE, True)


def test_last_good_is_found_where_its_file_was_renamed_and_broken(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("a", settings={"chanel": "x"}), settle=False)
    h.delete("a.yaml")
    h.stop()
    h.write("b.yaml", "integration: [", settle=False)
    h.start()
    h.settle()
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_config_deleted_while_nothing_ran_is_gone_after_the_start(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.stop()
    h.delete("a.yaml", settle=False)
    cls.diary.clear()
    h.start()
    assert cls.diary == []
    h.settle()
    assert h.state("diary/a") is None


def test_two_files_with_one_id_keep_the_incumbent(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("a", settings={"channel": "#other"}))
    status = h.config("diary/a")
    assert cls.diary == ["initialize", "enabled a #default"]
    assert (status.state, status.reason) == (ConfigState.ACTIVE, StateReason.DUPLICATE)
    assert {d.span.file for d in status.diagnostics} == {"a.yaml", "b.yaml"}


def test_class_registered_later_takes_up_its_configs(harness, make, doc):
    cls = make()
    h = harness()
    h.start()
    h.write("a.yaml", doc("a"))
    assert h.state("diary/a") is ConfigState.INVALID
    h.manager.register_integration_class(cls)
    h.settle()
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_class_taken_back_is_shut_down(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.manager.unregister_integration_class(cls)
    h.settle()
    assert cls.diary[-1] == "shutdown"
    assert h.state("diary/a") is ConfigState.INVALID


def test_get_configs_looks_at_the_scope(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a", scope={"organization": "acme"}))
    h.write("b.yaml", doc("b"))
    names = [c.name for c in h.manager.get_configs(cls, scope={"organization": "acme"})]
    others = [c.name for c in h.manager.get_configs("diary", scope={"organization": "other"})]
    assert (names, others) == (["a", "b"], ["b"])
    assert h.manager.get_integration(cls).enabled
