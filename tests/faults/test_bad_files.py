"""FAULTS.md's section Input, with real files: `validate` finds each, and a running engine keeps what ran."""

import json
import sys
import time

import pytest

from reconciler.__main__ import main
from reconciler.model.state import ConfigState, StateReason
from reconciler.testing import Harness

LIMIT = 5.0
"""Seconds of the processor, whatever else the machine does; without bounds each takes minutes, or has no end."""
GOOD = b"integration: console\nname: a\n"
BOMB = b"b0: &b0 [%s]\n" % b",".join([b"x"] * 9) + b"".join(
    b"b%d: &b%d [%s]\n" % (i, i, b",".join([b"*b%d" % (i - 1)] * 9)) for i in range(1, 9)
)
"""Nine levels of nine: 387,420,489 strings in 364 bytes."""

CASES = {
    "alias bomb": (BOMB, "yaml-alias", 5, 5, "20,000 values"),
    "recursive anchor": (GOOD + b"settings: &a {x: *a}\n", "yaml-alias", 3, 11, "no end"),
    "brackets": (b"[" * 30_000, "yaml-limit", 1, 1001, "deeper than 32"),
    "braces": (b"{" * 30_000, "yaml-limit", 1, 1001, "deeper than 32"),
    "dashes": (b"- " * 30_000, "yaml-limit", 1, 65, "deeper than 32"),
    "question marks": (b"? " * 30_000, "yaml-limit", 1, 65, "deeper than 32"),
    "5,000 digits": (GOOD + b"settings: {n: " + b"7" * 5_000 + b"}\n", "number-range", 3, 15, "5,000 digits"),
    "over 1 MiB": (GOOD + b"# " + b"x" * 1024 * 1024 + b"\n", "file-too-large", 1, 1, "1048576"),
    "key twice": (GOOD + b"name: b\n", "duplicate-key", 3, 1, "`name` is written twice"),
    "tab indent": (GOOD + b"settings:\n\tprefix: x\n", "yaml-syntax", 4, 1, "a tab"),
    "not UTF-8": (GOOD + b"description: caf\xe9\n", "encoding", 3, 17, "0xe9"),
    "NUL": (GOOD + b"description: a\0b\n", "encoding", 3, 15, "NUL"),
    "UTF-16 with its mark": (GOOD.decode().encode("utf-16"), "encoding", 1, 1, "UTF-16"),
    "UTF-16 without": (GOOD.decode().encode("utf-16-be"), "encoding", 1, 1, "UTF-16"),
    "unknown tag": (GOOD + b"settings: !python/name:os.system x\n", "yaml-tag", 3, 11, "!python/name:os.system"),
    "empty": (b"", "empty-document", 1, 1, "no document"),
    "comments only": (b"# integration: console\n# name: a\n", "empty-document", 1, 1, "only comments"),
    "number for a key": (GOOD + b"settings: {7: x}\n", "non-string-key", 3, 12, "expected a string for a key"),
    "list for a key": (GOOD + b"settings: {[a]: x}\n", "non-string-key", 3, 12, "expected a string for a key"),
    "boolean for a key": (GOOD + b"true: x\n", "non-string-key", 3, 1, "expected a string for a key"),
    "enabled: yes": (GOOD + b"enabled: yes\n", "wrong-type", 3, 10, "a string in YAML 1.2: write `true`"),
    "when: no": (
        GOOD + b"events: [{type: x, when: no}]\n", "filter-syntax", 3, 26, "`when` does not compile",
    ),
    "clock time": (GOOD + b"enabled: 12:30:00\n", "wrong-type", 3, 10, "a string in YAML 1.2"),
    "date": (GOOD + b"enabled: 2024-01-01\n", "wrong-type", 3, 10, "a string in YAML 1.2"),
    "leading zero": (GOOD + b"labels: {zip: 010}\n", "wrong-type", 3, 15, 'the number 10 in YAML 1.2: write "010"'),
    "unknown integration": (b"integration: consle\nname: a\n", "unknown-integration", 1, 14, "`consle`"),
    "misspelt key": (GOOD + b"setings: {}\n", "unknown-key", 3, 1, "`setings`"),
    "misspelt setting": (GOOD + b"settings: {prefx: x}\n", "unknown-key", 3, 12, "`prefx`"),
    "merge key": (GOOD + b"<<: {enabled: false}\n", "yaml-merge", 3, 1, "<<"),
}  # fmt: skip


@pytest.fixture
def validate(tmp_path, monkeypatch, capsys):
    """Run the console script on one file: exit code, and the findings."""

    def run(data: bytes):
        (tmp_path / "configs").mkdir(exist_ok=True)
        (tmp_path / "configs" / "a.yaml").write_bytes(data)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["reconcile", "validate", "configs", "--format", "json"])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert printed.err == ""
        return ended.value.code, json.loads(printed.out)["diagnostics"]

    return run


@pytest.mark.parametrize(("data", "rule", "line", "column", "words"), CASES.values(), ids=CASES.keys())
def test_bad_file_is_a_finding_with_its_place(validate, data, rule, line, column, words):
    started = time.process_time()
    code, (found, *more) = validate(data)
    assert time.process_time() - started < LIMIT
    assert (code, more) == (1, [])
    assert (found["rule"], found["file"], found["line"], found["column"]) == (rule, "configs/a.yaml", line, column)
    assert words in found["message"]
    assert found["help"]
    assert (found["end_line"], found["end_column"]) > (line, 0)


@pytest.mark.parametrize(
    ("data", "help_"),
    [
        (b"integration: consle\nname: a\n", "did you mean `console`?"),
        (GOOD + b"setings: {}\n", "did you mean `settings`?"),
        (GOOD + b"settings: {prefx: x}\n", "did you mean `prefix`?"),
    ],
)
def test_misspelt_name_gets_the_nearest_one(validate, data, help_):
    assert help_ in validate(data)[1][0]["help"]


def test_byte_order_mark_is_accepted(validate):
    assert validate(b"\xef\xbb\xbf" + GOOD) == (0, [])


# --- a running engine -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running():
    """An engine that is used for all cases: what one leaves behind would show in the next."""
    with Harness() as harness:
        yield harness


@pytest.fixture
def harness(running):
    """The engine with `console/a` live from `a.yaml`, and nothing else done yet."""
    running.write("a.yaml", GOOD.decode())
    running.outcomes.clear()
    yield running
    for file in running.directory.glob("[b-z]*.yaml"):
        running.delete(file.name)


@pytest.mark.parametrize(("data", "rule", "line", "column", "words"), CASES.values(), ids=CASES.keys())
def test_bad_file_leaves_what_ran_and_the_others_converge(harness, data, rule, line, column, words):
    (harness.directory / "a.yaml").write_bytes(data)
    harness.write("b.yaml", GOOD.decode().replace("name: a", "name: b"))
    status = harness.config("console/a")
    assert (status.state, status.stale, status.reason) == (ConfigState.ACTIVE, True, StateReason.INVALID)
    assert status.digest is not None
    assert f"a.yaml:{line}: " in status.message and words in status.message
    assert {(d.rule, d.span.line, d.span.column) for d in status.diagnostics} == {(rule, line, column)}
    assert [outcome.action.key for outcome in harness.outcomes] == ["console/b"]
    assert harness.state("console/b") is ConfigState.ACTIVE


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"---\n---\n", b"\xef\xbb\xbf"])
def test_emptied_file_never_removes_however_often_one_looks(harness, data):
    (harness.directory / "a.yaml").write_bytes(data)
    for _ in range(3):
        harness.settle()
        harness.advance(31)
    assert harness.outcomes == []
    assert harness.state("console/a") is ConfigState.ACTIVE


def test_byte_order_mark_changes_nothing_that_runs(harness):
    (harness.directory / "a.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD)
    harness.settle()
    assert (harness.outcomes, harness.config("console/a").stale) == ([], False)


def test_one_one_point_nought_and_true_are_three_values(harness):
    digests = set()
    for value in ("1", "1.0", "true", '"1"'):
        harness.write("c.yaml", f"integration: webhook\nname: c\nsettings: {{url: 'http://x', body: '{value}'}}\n")
        harness.write("a.yaml", GOOD.decode() + f"description: d\nlabels: {{x: '{value}'}}\n")
        digests.add(harness.config("webhook/c").digest)
    assert len(digests) == 4
