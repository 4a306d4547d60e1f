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


def test_warning_that_a_comment_ignores_is_not_told_and_its_neighbour_is(harness, make):
    text = "integration: diary\nname: {0}\nevents:\n  - type: noted   # reconcile: ignore[{1}]\n  - type: noty\n"
    h = harness(make())
    h.start()
    h.write("a.yaml", text.format("a", "unknown-event-type"))
    (told,) = h.manager.engine.diagnostics()
    assert (told.rule, told.span.line) == ("unknown-event-type", 5)
    assert h.config("diary/a").diagnostics == (told,)
    h.write("a.yaml", text.format("a", "redundant-event"))
    assert [one.rule for one in h.manager.engine.diagnostics()] == ["unknown-event-type"] * 2


def test_error_is_told_whatever_a_comment_says(harness, make):
    h = harness(make())
    h.start()
    h.write("a.yaml", "integration: diary\nname: a\ncolour: red  # reconcile: ignore[unknown-key]\n")
    assert [one.rule for one in h.manager.engine.diagnostics()] == ["unknown-key"]
