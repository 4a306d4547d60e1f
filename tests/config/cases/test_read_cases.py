"""Test files are read with a place for each finding, by the machinery of configurations."""

import json

import pytest

from reconciler.config.cases.find import find_tests, snapshot_file
from reconciler.config.cases.read import CaseFile, read_cases
from reconciler.config.cases.schema import CasesSchema, cases_bundle
from reconciler.core.findings.nearest import Names
from reconciler.model.case import WantedDelivery

SCHEMA = CasesSchema()
KNOWN = ["console/a", "console/b"]
EVENT = '{"specversion": "1.0", "id": "7", "source": "/ci", "type": "x", "team": "web"}'


@pytest.fixture
def read(tmp_path):
    """Read a test file's text; files that it names lie in `tmp_path`."""

    def call(text, known=KNOWN):
        where = CaseFile("a.test.yaml", str(tmp_path), str(tmp_path.resolve()))
        return read_cases(text.encode(), where, Names(known), SCHEMA)

    return call


def case(expect="nobody", event="event: {type: x}", **more):
    rest = "".join(f"\n    {key}: {value}" for key, value in more.items())
    return f"cases:\n  - name: c\n    {event}\n    expect: {expect}{rest}\n"


def findings(result):
    return [(d.rule, d.span.line, d.span.column, d.message, d.help) for d in result.diagnostics]


def test_inline_event_has_defaults_that_never_change(read):
    (event,) = read(case()).cases[0].events
    assert (event.id, event.source, event.time.isoformat()) == ("1", "/reconcile/test", "2026-01-01T00:00:00+00:00")


def test_clock_of_the_case_beats_that_of_the_file(read):
    text = "now: 2026-02-01T00:00:00Z\n" + case(now="2026-03-01T00:00:00+01:00")
    found = read(text).cases[0]
    assert (found.now, found.events[0].time.month) == (1772319600.0, 2)
    assert read("now: 2026-02-01T00:00:00Z\n" + case()).cases[0].now == 1769904000.0


def test_scope_is_the_events_extension_attributes(read):
    assert read(case(event="event: {type: x, scope: {team: web}}")).cases[0].events[0].scope == {"team": "web"}


@pytest.mark.parametrize(
    ("raw", "count", "deliveries", "snapshot"),
    [
        ("true", None, (), False),
        ("false", 0, (), False),
        ("1", 1, (), False),
        ("snapshot", None, (), True),
        ("{message: {title: t}}", None, (WantedDelivery({"title": "t"}),), False),
        ("[{sent: {stdout: t}}]", 1, (WantedDelivery(None, ({"stdout": "t"},)),), False),
        ("{contains: {sent: {body: {a: 1}}}}", None, (WantedDelivery(contains={"sent": [{"body": {"a": 1}}]}),), False),
    ],
)
def test_expectation_of_one_configuration(read, raw, count, deliveries, snapshot):
    result = read(case(f"{{console/a: {raw}}}"))
    (wanted,) = result.cases[0].wanted
    assert (wanted.count, wanted.deliveries, wanted.snapshot) == (count, deliveries, snapshot)
    assert wanted.span.column == 14


FILES = {
    "one.json": EVENT,
    "pretty.json": json.dumps(json.loads(EVENT), indent=1),
    "list.json": f"[{EVENT},\n{EVENT}]",
    "lines.jsonl": f"{EVENT}\n\n{EVENT}\n",
    "lines.json": f"{EVENT}\n{EVENT}\n",
}


@pytest.mark.parametrize(("name", "count"), [(n, 1 + n.startswith("li")) for n in FILES])
def test_file_of_events_is_json_or_json_lines(read, tmp_path, name, count):
    (tmp_path / name).write_text(FILES[name])
    (found,) = read(case(event=f"file: {name}")).cases
    assert [(event.id, event.scope["team"]) for event in found.events] == [("7", "web")] * count


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("nowhere.json", None, "there is no file nowhere.json here"),
        ("../out.json", None, "../out.json leads out of the directory"),
        ("/etc/passwd", None, "there is no file /etc/passwd here"),
        ("link.json", "link", "link.json leads out of the directory"),
        ("bad.json", '{"a": ', "bad.json is not JSON: Expecting value"),
        ("bad.jsonl", f"{EVENT}\n{{\n", "bad.jsonl:2 is not JSON"),
        ("no.json", "[]", "no.json holds no event"),
        ("ce.json", f'[{EVENT}, {{"specversion": "1.0", "id": "1", "source": "/x"}}]', "ce.json[1]: the attribute 'type' is required"),
        ("nan.json", f'{EVENT[:-1]}, "data": NaN}}', "NaN is not JSON"),
        ("latin.json", b"\xe4", "latin.json is not UTF-8 at byte 0"),
    ],
)  # fmt: skip
def test_bad_file_of_events_is_a_finding_at_its_name(read, tmp_path, name, text, message):
    if text == "link":
        (tmp_path / name).symlink_to("/etc/hostname")
    elif text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    ((rule, line, column, told, _),) = findings(read(case(event=f"file: {name}")))
    assert (rule, line, column) == ("invalid-event", 3, 11)
    assert message in told


@pytest.mark.parametrize(
    ("text", "rule", "place", "message", "hint"),
    [
        (case("{console/aa: true}"), "unknown-config", (4, 14), "`console/aa`", "did you mean `console/a`?"),
        (
            case("{console/a: 2}"),
            "invalid-value",
            (4, 25),
            "the case has 1 event, so console/a cannot receive 2",
            "how many",
        ),
        (case().replace("event:", "evnt:"), "unknown-key", (3, 5), "`evnt`", "did you mean `event`?"),
        (case(event="event: {type: x, dta: 1}"), "unknown-key", (3, 22), "`dta`", "did you mean `data`?"),
        (case("{console/a: {mesage: {}}}"), "unknown-key", (4, 26), "`mesage`", "did you mean `message`?"),
        (case("{console/a: {message: {titel: x}}}"), "unknown-key", (4, 36), "`titel`", "did you mean `title`?"),
        (case("{console: true}"), "invalid-name", (4, 14), "`console`", "integration/name"),
        (case("nobdy"), "invalid-value", (4, 13), "nobdy", "nobody"),
        (case(event="event: {type: x}\n    file: y"), "", (3, 5), "", ""),
        (case(now="yesterday"), "invalid-value", (5, 10), "now", "2026-01-31"),
        (case(event='event: {type: "a\\nb"}'), "invalid-event", (3, 12), "control characters", "CloudEvents"),
        ("cases: []\n", "invalid-value", (1, 8), "cases", ""),
        ("case: []\n", "unknown-key", (1, 1), "`case`", "did you mean `cases`?"),
        ("cases: [\n", "yaml-syntax", (1, 9), "", ""),
        ("", "empty-document", (1, 1), "", ""),
    ],
)
def test_mistake_is_a_finding_with_its_place(read, text, rule, place, message, hint):
    result = read(text)
    found = [f for f in findings(result) if f[0] == rule] if rule else findings(result)
    assert found, findings(result)
    assert rule == "" or (found[0][1:3] == place and message in found[0][3] and hint in found[0][4]), found
    assert (result.cases, result.is_whole) == ((), False)


def test_name_that_is_there_twice_is_an_error_at_the_second(read):
    result = read(case() + case().removeprefix("cases:\n"))
    assert [(f[0], f[1]) for f in findings(result)] == [("duplicate-case", 5)]
    assert result.diagnostics[0].related[0].span.line == 2


def test_bad_document_keeps_no_other_from_running(read):
    result = read(case() + "---\ncases: 1\n")
    assert (len(result.cases), len(result.diagnostics)) == (1, 1)


def test_schema_for_editors_has_nothing_beside_a_reference():
    waiting, bad = [cases_bundle()], []
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            bad += [item] if isinstance(item.get("$ref"), str) and len(item) > 1 else []
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    assert bad == []


def test_test_files_are_found_as_configurations_are(tmp_path):
    for name in ("a.test.yaml", "x/b.test.yml", "x/c.yaml", "_x/d.test.yaml", ".e.test.yaml", "x/_f.test.yaml",
                 "a.test.snap", "x/gone.test.snap"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = find_tests(str(tmp_path))
    assert (found.tests, found.orphans) == (("a.test.yaml", "x/b.test.yml"), ("x/gone.test.snap",))
    assert find_tests(str(tmp_path), "x").tests == ("x/b.test.yml",)
    assert snapshot_file("x/b.test.yml") == "x/b.test.snap"
