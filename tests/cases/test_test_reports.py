"""What `reconcile test` reports: for people, for pull requests, and in formats that others read."""

import json
import os

from junitparser import JUnitXml
from written import PASSED, case


def test_junit_is_read_by_others(test, root):
    (root / "configs" / "bad.test.yaml").write_text("cases: 1\n")
    cases = (
        case("a", "nobody", PASSED),
        case("b <&é", "{console/red: true}", PASSED),
        case("c", "nobody", skip="why"),
    )
    assert test(*cases, arguments=["--format", "text,junit=out.xml"])[0] == 1
    xml = JUnitXml.fromfile("out.xml")
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (4, 1, 1, 1)
    found = {one.name: one for suite in xml for one in suite}
    assert found["a"].is_passed and found["c"].is_skipped
    (failure,) = found["b <&é"].result
    assert (failure.type, failure.message) == ("missed", "console/red did not receive build.finished")
    assert 'data.status is "passed"' in failure.text
    assert found["the file"].result[0].type == "wrong-type"
    assert found["a"].classname == "configs/a.test.yaml"


def test_json_holds_each_failure(test):
    cases = case("a", "{console/red: {message: {title: x}}}"), case("b", "nobody", PASSED)
    _, out, _ = test(*cases, arguments=["--format", "json"])
    value = json.loads(out)
    failed, passed = value["cases"]
    (failure,) = failed["failures"]
    assert (failed["status"], failed["line"], passed["status"]) == ("failed", 2, "passed")
    assert (failure["kind"], failure["config"]) == ("different", "console/red")
    assert failure["event"] == {"index": 0, "type": "build.finished", "id": "1"}
    assert failure["differences"][0] == {
        "path": ["message", "title"],
        "expected": {"present": True, "value": "x"},
        "found": {"present": True, "value": "web failed"},
    }
    summary = {key: n for key, n in value["summary"].items() if key != "seconds"}
    assert summary == {"files": 1, "cases": 2, "passed": 1, "failed": 1, "skipped": 0, "errors": 0}


def test_pull_request_is_annotated_within_github_actions(test, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _, out, _ = test(case("a", "{console/red: true}", PASSED), case("b", "nobody", PASSED))
    assert "✓ configs/a.test.yaml: b" in out
    assert out.splitlines()[-1] == (
        "::error file=configs/a.test.yaml,line=2,endLine=2,col=11,endColumn=11,title=reconcile%3A test::"
        'a: console/red did not receive build.finished: events[0]: when data.status == "failed" is false; '
        'data.status is "passed"'
    )


def test_many_failures_of_one_case_are_counted(test, root):
    event = {"specversion": "1.0", "source": "/ci", "type": "deploy.started"}
    lines = [json.dumps({**event, "id": str(number)}) for number in range(30)]
    (root / "configs" / "events.jsonl").write_text("\n".join(lines))
    _, out, _ = test("  - {name: c, file: events.jsonl, expect: {webhook/hook: true}}")
    assert out.count("did not receive") == 20
    assert "    … 10 more failures (--format json has them)\n" in out


def test_coverage_names_what_no_case_reaches(test, root):
    (root / "configs" / "off.yaml").write_text("integration: console\nname: off\nenabled: false\nevents: [{type: x}]\n")
    cases = case("a", "{console/red: true}"), case("b", "{console/web: false}", PASSED)
    _, out, _ = test(*cases, arguments=["--coverage"])
    assert (
        "! console/web is reached by no case\n"
        "! webhook/hook is reached by no case\n"
        "! 1 of 3 configurations reached by a case\n"
    ) in out
    value = json.loads(test(arguments=["--format", "json"])[1])
    assert value["coverage"] == {"configs": 3, "not_reached": ["console/web", "webhook/hook"]}


def test_two_runs_say_the_same(test):
    cases = [case(f"n{i}", "{console/red: {message: {title: x}}}") for i in range(5)]
    first, second = test(*cases)[1], test()[1]
    assert first.splitlines()[:-1] == second.splitlines()[:-1]


def test_hostile_names_do_not_reach_the_terminal(test):
    name = '"\\e[31mred\\u202E"'
    out = test(case(name, "nobody"))[1]
    assert "\x1b" not in out and "\u202e" not in out


def test_nothing_is_left_behind(test, root):
    test(case("a", "snapshot"), arguments=["-u"])
    assert sorted(os.listdir(root)) == ["configs"]
    assert sorted(os.listdir(root / "configs")) == ["a.test.snap", "a.test.yaml", "a.yaml"]
