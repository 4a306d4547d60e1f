"""What is wrong with the files and with no configuration is an alarm: no list of configurations has it."""


def test_file_that_names_no_configuration_is_an_alarm_until_it_is_mended(harness, make, doc):
    h = harness(make())
    h.start()
    h.write("a.yaml", "integration: diary\nname: [\n")
    (alarm,) = h.manager.engine.alarms()
    assert alarm.startswith(f"{h.directory}/a.yaml:")
    assert "is not closed" in alarm
    assert h.manager.engine.own_alarms() == ()  # the log has the finding itself
    h.write("a.yaml", doc("a"))
    assert h.manager.engine.alarms() == ()


def test_document_without_a_name_beside_a_good_one_is_an_alarm(harness, make, doc):
    h = harness(make())
    h.start()
    h.write("a.yaml", f"{doc('a')}\n---\nintegration: diary\n")
    assert "the key `name` is missing" in h.manager.engine.alarms()[0]
    assert not h.config("diary/a").stale


def test_error_that_a_configuration_shows_is_no_alarm(harness, make, doc):
    h = harness(make())
    h.start()
    h.write("a.yaml", doc("a", colour="red"))
    h.write("b.yaml", doc("b"))
    h.write("c.yaml", doc("b"))
    h.write("d.yaml", doc("d"))
    h.write("d.yaml", "[")
    assert h.manager.engine.alarms() == ()


def test_settings_of_the_directory_with_an_error_are_an_alarm(harness, make):
    h = harness(make())
    h.start()
    h.write("reconcile.toml", "[limit]\n")
    assert "the key `limit` is not known" in h.manager.engine.alarms()[0]
