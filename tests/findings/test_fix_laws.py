"""What holds for every fix, by Hypothesis: nothing else changes, the text reads again, and the second time nothing does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.catalogue import Catalogue
from reconciler.config.explain.fixes import is_one_slip, rename_key
from reconciler.config.fix.apply import fix_bytes
from reconciler.config.fix.proof import changes_nothing_else
from reconciler.config.run.check_files import check_bytes
from reconciler.config.run.part import Part
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator
from reconciler.config.yaml.nodes import Written
from reconciler.config.yaml.reader import read_documents
from reconciler.core.findings.splice import overlap, splice
from reconciler.model.diagnostic import Diagnostic, Edit, Severity, Span

VALIDATOR = Validator(Catalogue(), secrets=SecretResolver("/nowhere", {}))
KEYS = ["enabled", "enabeld", "Enabled", "labels", "lables", "description", "settings", "delivery", "1", "true"]
VALUES = [
    "yes", "off", '"true"', "true", "12", "0x1F", "text", '"12"', "{tier: 1, a: on}", "{stream: STDERR}", "{{ a }}", "&x yes", "*x",
    "{retry_for: 90, order: Key}", "\n  prefix: 010\n  Stream: stdout", "\n\tprefix: a", "|\n  text\n  more", "!x y", "", "# only",
]  # fmt: skip
LINES = st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES), st.sampled_from(["", "  # why", "\n", "\n# a\n"]))
DOCUMENTS = st.lists(LINES, max_size=5)


def text_of(documents, line_break):
    texts = []
    for number, lines in enumerate(documents):
        body = "".join(f"{key}: {value}{more}\n" for key, value, more in lines)
        texts.append(f"integration: console\nname: a{number}\n{body}")
    return "---\n".join(texts).replace("\n", line_break).encode()


def judge(data):
    part = Part()
    check_bytes(part, data, "a.yaml", VALIDATOR, None)
    return part.diagnostics


@given(st.lists(DOCUMENTS, min_size=1, max_size=3), st.sampled_from(["\n", "\r\n"]))
def test_fixes_change_nothing_but_what_they_are_about(documents, line_break):
    data = text_of(documents, line_break)
    fixed = fix_bytes(data, judge)
    before, after = read_documents(data, ""), read_documents(fixed.data, "")
    assert {d.line for d in before.documents} <= {d.line for d in after.documents}
    sound = {d.line: d.value for d in before.documents if not judge_one(d)}
    now = {d.line: d.value for d in after.documents}
    assert all(repr(now[line]) == repr(value) for line, value in sound.items())
    assert data.count(b"#") == fixed.data.count(b"#") and data.count(b"\n") == fixed.data.count(b"\n")


def judge_one(document):
    return VALIDATOR.check(document, "a.yaml").diagnostics


@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_second_time_nothing_is_left_to_fix(documents):
    once = fix_bytes(text_of(documents, "\n"), judge)
    again = fix_bytes(once.data, judge)
    assert (again.data, again.findings) == (once.data, ())


@given(st.text(alphabet="ab\né", max_size=30), st.data())
def test_splice_keeps_what_is_not_edited(text, data):
    line = data.draw(st.integers(1, text.count("\n") + 1))
    width = len(text.split("\n")[line - 1])
    start = data.draw(st.integers(1, width + 1))
    end = data.draw(st.integers(start, width + 1))
    spliced = splice(text.encode(), [Edit(line, start, line, end, "NEW")]).decode()
    offset = sum(len(one) + 1 for one in text.split("\n")[: line - 1])
    assert spliced == text[: offset + start - 1] + "NEW" + text[offset + end - 1 :]


def test_overlapping_edits_are_refused():
    one, two = Edit(1, 1, 1, 4, "x"), Edit(1, 3, 1, 5, "y")
    assert overlap(one, two)
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abcdef", [one, two])


@pytest.mark.parametrize(
    "edit", [Edit(3, 1, 3, 1, ""), Edit(1, 9, 1, 9, ""), Edit(1, 3, 1, 2, ""), Edit(0, 1, 1, 1, "")]
)
def test_edit_outside_the_text_is_refused(edit):
    with pytest.raises(ValueError):
        splice(b"abc\n", [edit])


def finding(*path):
    return Diagnostic("r", Severity.ERROR, "m", Span("", 1, 1, 1, 2), path=path)


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("a: 1\nb: 2\n", "a: 1\nb: 3\n", ("a",)),
        ("a: &x yes\nb: *x\n", "a: &x true\nb: *x\n", ("a",)),
        ("a: 1\n", "a: 1\nb: 2\n", ("a",)),
        ("a: 1\n---\nb: 2\n", "a: 2\n", ("a",)),
        ("a: 1\nb: 2\n", "b: 2\na: 1\n", ("a",)),
        ("a: 1\n", "a: '\n", ("a",)),
        ("a: 1\n", "a: true\n", ()),
    ],
)
def test_change_elsewhere_is_no_fix(before, after, path):
    assert not changes_nothing_else(before.encode(), after.encode(), [finding(*path)])


def test_wrong_fix_is_not_made_and_the_others_are():
    data = b"integration: console\nname: a\nlabels: &x {tier: 1}\nscope: *x\nenabled: yes\n"
    assert fix_bytes(data, judge).data == data.replace(b"yes", b"true")


@pytest.mark.parametrize(
    ("written", "meant", "slip"),
    [
        ("enabeld", "enabled", True), ("enable", "enabled", True), ("enabledd", "enabled", True), ("enablad", "enabled", True),
        ("botToken", "bot_token", True), ("bot-token", "bot_token", True), ("Enabled", "enabled", True),
        ("enabled", "enabled", False), ("enbld", "enabled", False), ("name", "labels", False), ("", "a", True), ("ab", "ba", True),
        ("abcd", "dcba", False),
    ],
)  # fmt: skip
def test_one_slip(written, meant, slip):
    assert is_one_slip(written, meant) is slip


@pytest.mark.parametrize(
    ("written", "known", "present", "applicability"),
    [
        ("enabeld", ["enabled", "name"], [], "safe"),
        ("botToken", ["bot_token"], [], "safe"),
        ("ca_fil", ["ca_file"], [], "safe"),
        ("timeout_m", ["timeout_s"], [], "unsure"),
        ("key1", ["key2"], [], "unsure"),
        ("host", ["hosts", "hostx"], [], "unsure"),
        ("tp", ["to"], [], "unsure"),
        ("enabeld", ["enabled"], ["enabled"], None),
        ("enabeld", ["enabled"], ["enabledd"], "unsure"),
        ("retries_most", ["most_retries"], [], "unsure"),
    ],
)
def test_rename_is_safe_only_without_doubt(written, known, present, applicability):
    place = Written(Span("f", 1, 1, 1, len(written) + 1), "", written)
    fix = rename_key(place, known[0], known, [written, *present])
    assert (fix and fix.applicability.value) == applicability
