"""Reports of real runs, read by the programs and schemas of others where there are any.

SARIF: Microsoft's multitool with the rules of GitHub's code scanning (and OASIS's schema, in tests/report). JUnit:
`junitparser`. rdjson: a validator of that format. JSON: the schema that we publish. GitLab: TypeScript's compiler with the
types of Code Climate's issues (`codeclimate-types`), of which GitLab's report is a part. What GitLab asks for beyond them
stands here in our own words, after "Code Quality report format" in GitLab's page "Code Quality"
(https://docs.gitlab.com/ci/testing/code_quality/).
"""

import json
import re

import jsonschema
import junitparser
import pytest
from plugs import BAD, GOOD, ROOT, call, node_tool

from reconciler.cli.app import run
from reconciler.report.findings.json_report import SCHEMA

MULTITOOL = "@microsoft/sarif-multitool-linux/Sarif.Multitool"
RDFORMAT = ".bin/rdformat-validator"
TSC = ".bin/tsc"
BAD_FILES = ROOT / "tests" / "findings" / "bad"
NO_HOME_PAGE = "SARIF2005"
"""The project has no public address to name."""
NO_ICU = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
FILES = {
    "good.yaml": GOOD,
    "bad.yaml": BAD,
    "twice.yaml": GOOD,
    "wide/Ünï <&> code.yaml": 'integration: console\nname: wide\nsettings: {"日本": 1}\nenabled: yes\n',
    "near.yaml": "integration: consle\nname: x\n",
    "broken.yaml": "a:\n\tb: [\n",
    "empty.yaml": "# nothing\n",
}  # fmt: skip
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@pytest.fixture(params=["findings", "none"])
def report(request, tmp_path, monkeypatch, capsys):
    """Validate a directory with findings, or without, and return the report's file for the format asked for."""
    files = FILES if request.param == "findings" else {"good.yaml": GOOD}
    for name, text in files.items():
        (tmp_path / "configs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "configs" / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def write(form, name):
        assert run(["validate", "--format", f"concise,{form}={name}"]) == int(files is FILES)
        lines = [line for line in capsys.readouterr().out.splitlines() if re.search(r": (error|warning)\[", line)]
        return tmp_path / name, lines

    return write


def closed(schema):
    """Return a schema that takes no keys but those it names: a new key of ours needs a line in it."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    done = {key: closed(value) for key, value in schema.items()}
    return done | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


def test_json_is_what_its_published_schema_says(report):
    file, lines = report("json", "out.json")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    value = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(closed(schema)).validate(value)
    assert len(value["diagnostics"]) == len(lines)


def test_schema_of_the_report_is_printed(capsys):
    assert run(["schema", "--report"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["format_version"]["const"] == 1


def test_schema_of_the_report_is_none_of_an_integration(capsys):
    assert run(["schema", "console", "--report"]) == 2
    assert "each is a schema of its own" in capsys.readouterr().err


def test_junit_is_read_by_junitparser(report):
    file, lines = report("junit", "junit.xml")
    read = junitparser.JUnitXml.fromfile(str(file))
    assert isinstance(read, junitparser.JUnitXml)
    suites = list(read)
    failed = [case for suite in suites for case in suite if case.is_failure]
    assert read.failures == len(failed) == len({line.partition(":")[0] for line in lines})
    assert read.tests == sum(len(list(suite)) for suite in suites)
    assert (read.errors, read.skipped) == (0, 0)


def test_gitlab_is_what_its_documentation_says(report):
    file, lines = report("gitlab", "gitlab.json")
    value = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(GITLAB).validate(value)
    assert len({item["fingerprint"] for item in value}) == len(value) == len(lines)


@pytest.fixture
def type_check(tmp_path):
    """Return what says of a report what TypeScript's compiler has against it as Code Climate's issues."""
    tsc = node_tool(TSC)
    (tmp_path / "node_modules").symlink_to(tsc.parents[1])

    def check(report):
        typed = "import type { Issue } from 'codeclimate-types'\nexport const report: Issue[] ="
        (tmp_path / "report.ts").write_text(f"{typed} {json.dumps(report)}\n", encoding="utf-8")
        return call(tsc, "--strict", "--noEmit", "--pretty", "false", "--lib", "es2020", "report.ts", cwd=tmp_path)

    return check


@pytest.fixture
def issues(tmp_path, monkeypatch):
    """The report of every file in the folder of bad ones."""
    monkeypatch.chdir(BAD_FILES.parent)
    assert run(["validate", str(BAD_FILES), "--format", f"gitlab={tmp_path / 'gitlab.json'}"]) == 1
    return json.loads((tmp_path / "gitlab.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_gitlab_is_what_code_climate_takes(issues, type_check):
    done = type_check(issues)
    assert (done.returncode, done.stdout) == (0, "")
    jsonschema.Draft202012Validator(GITLAB).validate(issues)
    assert len({item["fingerprint"] for item in issues}) == len(issues) > 100


@pytest.mark.slow
def test_types_of_code_climate_refuse_what_is_wrong(issues, type_check):
    good = issues[0]
    place = good["location"]
    broken = [
        good | {"severity": "bad"},
        good | {"categories": "Bug Risk"},
        good | {"location": place | {"lines": place["lines"] | {"begin": "1"}}},
        good | {"location": {"path": place["path"]}},
        good | {"rule": "unknown-key"},
        {key: value for key, value in good.items() if key != "check_name"},
    ]
    assert [type_check([good, one]).stdout.count("error TS") for one in broken] == [1] * len(broken)


@pytest.mark.slow
def test_rdjson_is_valid_by_its_validator(report):
    file, _ = report("rdjson", "rdjson.json")
    tool = node_tool(RDFORMAT)
    done = call(tool, "--strict", "--no-extra-fields", file, cwd=file.parent)
    assert (done.returncode, "Valid files: 1" in done.stdout) == (0, True), done.stdout


@pytest.mark.slow
def test_sarif_is_valid_by_the_rules_of_github(report):
    file, lines = report("sarif", "findings.sarif")
    tool = node_tool(MULTITOOL)
    rules = ("--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--output", "verdict.sarif")
    done = call(tool, "validate", file, *rules, cwd=file.parent, **NO_ICU)
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads((file.parent / "verdict.sarif").read_text(encoding="utf-8-sig"))["runs"][0]["results"]
    assert [found for found in verdict if found["ruleId"] != NO_HOME_PAGE] == []
    assert len(json.loads(file.read_text(encoding="utf-8"))["runs"][0]["results"]) == len(lines)


@pytest.mark.slow
def test_the_validators_refuse_what_is_wrong(tmp_path):
    (tmp_path / "bad.json").write_text('{"diagnostics": [{"message": 1}]}', encoding="utf-8")
    assert call(node_tool(RDFORMAT), "bad.json", cwd=tmp_path).returncode == 1
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}}]}]}
    (tmp_path / "bad.sarif").write_text(json.dumps(log), encoding="utf-8")
    tool = node_tool(MULTITOOL)
    done = call(tool, "validate", "bad.sarif", "--rule-kind", "Ghas", "--level", "Error", cwd=tmp_path, **NO_ICU)
    assert "error GH1" in done.stdout
