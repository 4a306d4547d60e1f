"""`reconcile test`: cases pass, fail with the reason, and are stored."""

import json

import pytest
from written import FAILED, PASSED, case

MESSAGE = '{title: web failed, text: "see\\nx", severity: error, fields: [{title: Status, value: failed}, {title: Job, value: web}, {title: Log, value: x}]}'


@pytest.mark.parametrize(
    ("expect", "event"),
    [
        ("nobody", PASSED),
        ("{console/red: true}", FAILED),
        ("{console/red: 1, console/web: false}", FAILED),
        (f"{{console/red: {{message: {MESSAGE}}}}}", FAILED),
        ("{console/red: {contains: {message: {text: see, fields: [{title: Job}]}}}}", FAILED),
        ("{console/red: {contains: {sent: {stdout: web failed}}}}", FAILED),
        ("{console/web: true}", "{type: build.started, scope: {team: web}}"),
        ("{webhook/hook: {sent: {method: POST, url: https://hooks.example.com/x}}}", "{type: deploy.done}"),
        ("{webhook/hook: [{contains: {sent: {body: {type: deploy.done}}}}]}", "{type: deploy.done}"),
    ],
)
def test_case_that_holds_passes(test, expect, event):
    code, out, _ = test(case("it holds", expect, event))
    assert (code, out.splitlines()[0]) == (0, "✓ configs/a.test.yaml: it holds")


def test_summary_counts_what_happened(test):
    _, out, _ = test(case("a", "nobody"), case("b", "nobody", PASSED), case("c", "nobody", skip="not now"))
    assert "✗ 3 cases in 1 file: 1 passed, 1 failed, 1 skipped (" in out
    assert "- configs/a.test.yaml: c (skipped: not now)\n" in out


def test_configuration_that_did_not_receive_is_told_with_the_piece_of_its_filter(test):
    code, out, _ = test(case("c", "{console/red: true}", PASSED))
    assert code == 1
    assert out.startswith(
        "✗ configs/a.test.yaml:2: c\n"
        "    console/red did not receive build.finished\n"
        '      events[0]: when data.status == "failed" is false\n'
        '        data.status is "passed"\n'
    )


def test_configuration_that_received_against_expectation_is_told(test):
    _, out, _ = test(case("c", "{console/red: false}"))
    assert (
        "    console/red received build.finished, and was not expected to\n"
        '      events[0]: build.finished, when data.status == "failed"\n'
    ) in out


def test_others_may_receive_where_a_case_is_not_exhaustive(test):
    text = case("c", "{console/web: false}"), case("d", "{console/web: false}", exhaustive="false")
    code, out, _ = test(*text)
    assert (code, "✗ configs/a.test.yaml:2: c" in out, "✓ configs/a.test.yaml: d" in out) == (1, True, True)


def test_message_that_differs_is_told_field_by_field(test):
    _, out, _ = test(case("c", '{console/red: {message: {title: web faild, text: "see\\ny"}}}'))
    assert (
        "    console/red: build.finished does not go as expected (- expected, + found)\n"
        "      message.title\n"
        '        - "web faild"\n'
        '        + "web failed"\n'
        "      message.text\n"
        "          see\n"
        "        - y\n"
        "        + x\n"
        "      message.severity\n"
        "        - (nothing)\n"
        '        + "error"\n'
    ) in out


def test_message_of_an_integration_that_renders_none_is_told(test):
    _, out, _ = test(case("c", "{webhook/hook: {message: {title: x}}}", "{type: deploy.done}"))
    assert '      message\n        - {"title": "x"}\n        + null\n' in out


def test_template_that_cannot_be_rendered_fails_the_case(test):
    _, out, _ = test(case("c", "{console/red: true}", "{type: build.finished, data: {status: failed}}"))
    assert "console/red received build.finished, but nothing can be sent: the template message.title" in out


def test_invalid_configuration_fails_the_case_with_its_findings(test, root):
    (root / "configs" / "bad.yaml").write_text("integration: console\nname: bad\nsettings: {prefx: x}\n")
    code, out, _ = test(case("c", "{console/bad: true}"), case("d", "nobody", PASSED))
    assert code == 1
    assert "console/bad is not valid, so it cannot receive\n      configs/bad.yaml:3:12: error[unknown-key]" in out


def test_file_with_errors_that_nobody_names_is_mentioned(test, root):
    (root / "configs" / "bad.yaml").write_text("integration: console\nname: bad\nsettings: {prefx: x}\n")
    code, out, _ = test(case("c", "nobody", PASSED))
    assert (code, "! configs/bad.yaml has errors, and what is invalid takes no part" in out) == (0, True)


def test_number_of_deliveries_is_compared(test):
    events = "events: [{type: build.a, scope: {team: web}}, {type: build.b}, {type: build.c, scope: {team: web}}]"
    text = f"  - name: c\n    {events}\n    expect: {{console/web: 3}}"
    _, out, _ = test(text)
    assert (
        "console/web received 2 of 3 events, expected 3; the first that it did not receive is events[1], build.b" in out
    )
    assert "scope: team must be web, the event has none" in out


def test_list_of_deliveries_is_compared_in_order(test):
    events = "events: [{type: build.a, scope: {team: web}}, {type: build.b, scope: {team: web}}]"
    wanted = "[{contains: {message: {title: Build b}}}, {contains: {message: {title: Build b}}}]"
    _, out, _ = test(f"  - name: c\n    {events}\n    expect: {{console/web: {wanted}}}")
    assert "console/web: events[0], build.a does not go as expected" in out
    assert "events[1]" not in out


def test_clock_stands_where_the_case_says(test):
    wanted = '{webhook/hook: {contains: {sent: {body: {time: "2026-03-01"}}}}}'
    assert test(case("c", wanted, "{type: deploy.done}", now="2026-03-01T00:00:00Z"))[0] == 0


def test_secrets_are_not_read(test):
    code, out, _ = test(case("c", "{webhook/hook: {sent: {headers: {}}}}", "{type: deploy.done}"))
    assert (code, "very-secret" in out, "<secret env:TOKEN>" in out) == (1, False, True)


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_snapshot_that_is_not_stored_fails(test, root):
    code, out, _ = test(case("c", "snapshot"))
    assert (code, "nothing is stored to compare with: --update stores what is found" in out) == (1, True)
    assert not (root / "configs" / "a.test.snap").exists()


@pytest.mark.parametrize("expect", ["snapshot", "{console/red: snapshot}"])
def test_snapshot_is_stored_and_compared(test, root, expect):
    code, out, _ = test(case("c", expect), arguments=["--update"])
    assert (code, "~ configs/a.test.snap written" in out) == (0, True)
    assert test(arguments=[])[0] == 0
    config = root / "configs" / "a.yaml"
    config.write_text(config.read_text().replace("}} failed", "}} broke"))
    code, out, _ = test()
    assert code == 1
    assert '      [0].message.title\n        - "web failed"\n        + "web broke"\n' in out


def test_snapshot_of_who_receives_notices_another(test, root):
    test(case("c", "snapshot"), arguments=["-u"])
    (root / "configs" / "b.yaml").write_text("integration: console\nname: all\nevents: [{type: '**'}]\n")
    _, out, _ = test()
    assert "console/all: not what is stored" in out


def test_update_of_some_keeps_the_others_and_drops_what_is_stale(test, root):
    snap = root / "configs" / "a.test.snap"
    test(case("a", "snapshot"), case("b", "snapshot"), case("old", "snapshot"), arguments=["-u"])
    _, out, _ = test(case("a", "snapshot"), case("b", "snapshot"))
    assert "! configs/a.test.snap: no case 'old' asks for what is stored" in out
    before = snap.read_text()
    test(arguments=["-u", "-k", ": a"])
    assert [name for name in ("a:", "b:", "old:") if f"\n{name}" in snap.read_text()] == ["a:", "b:"]
    assert snap.read_text() != before
    assert "written" not in test(arguments=["-u"])[1]


def test_snapshots_that_nobody_asks_for_any_more_are_deleted_with_update(test, root):
    test(case("a", "snapshot"), arguments=["-u"])
    test(case("a", "nobody", PASSED), arguments=["-u"])
    assert not (root / "configs" / "a.test.snap").exists()


def test_snapshots_without_their_test_file_are_mentioned(test, root):
    (root / "configs" / "gone.test.snap").write_text("a: {}\n")
    code, out, _ = test(case("a", "nobody", PASSED))
    assert (code, "! configs/gone.test.snap belongs to no test file: delete it\n" in out) == (0, True)


def test_failing_case_is_not_stored(test, root):
    event = "{type: build.finished, data: {status: failed}}"
    assert test(case("a", "snapshot", event), arguments=["-u"])[0] == 1
    assert not (root / "configs" / "a.test.snap").exists()


def test_file_of_snapshots_that_is_not_ours_is_refused_and_kept(test, root):
    (root / "configs" / "a.test.snap").write_text("- mine\n")
    code, _, err = test(case("a", "snapshot"), arguments=["-u"])
    assert (code, "holds no snapshots" in err) == (2, True)
    assert (root / "configs" / "a.test.snap").read_text() == "- mine\n"


def test_snapshots_too_large_to_be_read_back_are_not_written(test, root):
    hook = "integration: webhook\nname: {}\nsettings: {{url: 'https://x.example.com/'}}\nevents: [{{type: '**'}}]\n"
    (root / "configs" / "a.yaml").write_text("---\n".join(map(hook.format, "ab")))
    event = "{type: build.finished, data: " + "x" * 600_000 + "}"
    code, _, err = test(case("a", "snapshot", event), arguments=["-u"])
    assert (code, "too large: split the test file" in err) == (2, True)
    assert not (root / "configs" / "a.test.snap").exists()


# --- which cases ------------------------------------------------------------------------------------------------------


def test_cases_are_chosen_by_name_file_and_path(test, root):
    for folder in ("x", "y"):
        (root / "configs" / folder).mkdir()
        (root / "configs" / folder / "b.test.yaml").write_text("cases:\n" + case(f"in {folder}", "nobody", PASSED))

    def names(*arguments):
        out = test(case("top one", "nobody", PASSED), arguments=arguments)[1]
        return [line.rpartition(": ")[2] for line in out.splitlines()[:-1]]

    assert names() == ["top one", "in x", "in y"]
    assert names("-k", "TOP") == ["top one"]
    assert names("configs/y") == ["in y"]
    assert names("configs/y/b.test.yaml", "configs/y") == ["in y"]
    assert names("-k", "x/b") == ["in x"]


def test_summary_counts_the_files_whose_cases_were_asked_for(test, root):
    for name in ("x", "y"):
        (root / "configs" / f"{name}.test.yaml").write_text("cases:\n" + case(f"in {name}", "nobody", PASSED))
    assert "1 case in 1 file: 1 passed" in test(arguments=["-k", "in x"])[1]
    assert "2 cases in 2 files: 2 passed" in test()[1]


def test_link_out_of_the_root_that_is_named_shows_nothing_of_what_is_there(test, root):
    (root / "outside").write_text("very: private\n")
    (root / "configs/l.test.yaml").symlink_to("../outside")
    code, out, _ = test(arguments=["configs/l.test.yaml"])
    assert (code, "leads out of the directory" in out, "private" in out) == (1, True, False)


def test_file_outside_of_the_root_reads_events_beside_itself(test, root):
    (root / "tests").mkdir()
    event = {"specversion": "1.0", "id": "7", "source": "/ci", "type": "deploy.done"}
    (root / "tests" / "e.json").write_text(json.dumps(event))
    (root / "tests" / "t.test.yaml").write_text("cases:\n  - {name: a, file: e.json, expect: {webhook/hook: true}}\n")
    assert test(arguments=["tests"])[0] == 0
    assert test(arguments=["tests/t.test.yaml"])[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is no test case beneath configs"),
        (["-k", "nothing"], "there is no test case beneath configs"),
        (["configs/a.yaml"], "whose name ends with .test.yaml, found configs/a.yaml"),
        (["nowhere"], "found nowhere that does not exist"),
        (["nowhere.test.yaml"], "nowhere.test.yaml does not exist"),
        ([""], "found an empty one"),
        (["--dir", "nowhere"], "does not exist"),
        (["--format", "xml"], "expected text, github, json or junit, found 'xml'"),
    ],
)
def test_mistake_is_one_sentence_and_exit_code_2(test, arguments, message):
    code, _, err = test(arguments=arguments)
    assert (code, message in err, "Traceback" in err) == (2, True, False)


def test_filter_that_chooses_nothing_is_a_mistake(test):
    code, _, err = test(case("c", "nobody", PASSED), arguments=["-k", "d"])
    assert (code, "no case in configs holds 'd'" in err) == (2, True)


def test_no_case_passes_where_that_is_allowed(test):
    assert test(arguments=["--allow-none"])[:2] == (0, "✓ 0 cases in 0 files (0ms)\n")


def test_findings_about_a_test_file_come_with_their_line(test):
    code, out, _ = test(case("c", "{console/rd: true}"))
    assert code == 1
    assert "configs/a.test.yaml:4:14: error[unknown-config] no file names a configuration `console/rd`" in out
    assert (
        " 4 |     expect: {console/rd: true}\n   |              ^^^^^^^^^^\n   = help: did you mean `console/red`?"
        in out
    )
