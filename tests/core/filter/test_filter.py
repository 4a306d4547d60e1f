"""Expressions: what compiles, what the compiler tells people, and that whatever fails does not match."""

from datetime import UTC, datetime

import pytest

from reconciler.core.filter.filter import MAX_LENGTH, FilterError, Filters, FilterSyntaxError
from reconciler.model.event import Event

EVENT = Event(
    type="build.finished",
    source="/ci",
    id="e1",
    subject="main",
    time=datetime(2026, 1, 31, 12, tzinfo=UTC),
    data={"status": "failed", "count": 3, "list": [1, 2], "deep": {"x": None}},
    scope={"team": "web"},
)


def evaluate(text, event=EVENT):
    filters = Filters()
    return filters.compile(text).matches(filters.activation(event))


@pytest.mark.parametrize("text", [
    'type == "build.finished"',
    "type(id) == string",
    'id == "e1" && source == "/ci" && subject == "main"',
    'time > timestamp("2026-01-01T00:00:00Z")',
    'data.status == "failed" && data.count >= 3',
    'scope.team == "web" && !("organization" in scope)',
    "has(data.deep.x) && !has(data.deep.y)",
    "data.list.exists(n, n == 2)",
    'type.startsWith("build.") && type.matches("^build[.]")',
    "event.type == type",
    "data.missing == 1 || true",
    "data.list.filter(n, n > 1).size() == 1 && data.list.exists_one(n, n + 1 == 3)",
    '["a", type].exists(t, t in ["build.finished", "b"])',
    'time + duration("1h") > time && data.list.all(n, time + duration("1s") > time)',
    'source + "/" + subject == "/ci/main"',
])  # fmt: skip
def test_matching_expression_is_true(text):
    assert evaluate(text) is True


def test_event_without_subject_has_an_empty_one():
    assert evaluate('subject == ""', Event(type="t", source="s"))


@pytest.mark.parametrize(("text", "data"), [
    ("data.missing == 1", {}),
    ("data.status", {"status": "failed"}),
    ("data", None),
    ("data.x > 1", {"x": "text"}),
    ("data.x == 1", None),
    ("data.x == 1", {"x": 2**64}),
    ("data.x == 1", {"x": "\ud800"}),
    ("data.x.matches(data.p)", {"x": "y", "p": "("}),
    ("data.exists(a, data.exists(b, data.exists(c, int(a) + int(b) + int(c) < 0)))", list(range(300))),
    ("data.n.all(a, data.text.size() > 0)", {"n": list(range(9000)), "text": "a" * 900_000}),
    ("data.n.all(a, data.left == data.right)", {"n": list(range(9000)), "left": [0] * 9000, "right": [0] * 9000}),
    ('data.n.all(a, data.n.exists(b, data.text.matches("(a|b)*c")))', {"n": list(range(90)), "text": "a" * 90_000}),
])  # fmt: skip
def test_failing_expression_raises(text, data):
    with pytest.raises(FilterError):
        evaluate(text, Event(type="t", source="s", data=data))


@pytest.mark.parametrize(("text", "column", "message"), [
    ("foo == 1", 1, "there is no variable 'foo'; the variables are id, source, type, subject, time, data, scope"),
    ("true && nope(1)", 9, "there is no function 'nope'"),
    ("data.x ==", 10, "the expression ends too early"),
    ("", 1, "the expression is empty"),
    ("data.status = 'x'", 13, "unexpected '='; write == instead"),
    ("true and false", 6, "unexpected 'and'; write && instead"),
    ("not true", 1, "unexpected 'not'; write ! instead"),
    ("true )", 6, "unexpected ')'"),
    ("'é' == 'ü' && foo", 15, "there is no variable 'foo'"),
    ("subject.startsWith(1)", 9, "'startsWith' does not take a string and an int"),
    ("time == 'x'", 6, "'==' does not take a timestamp and a string"),
    ("data.x.startsWith('a', 'b')", 8, "'startsWith' takes one argument"),
    ("data.name.startsWidth('a')", 11, "there is no function 'startsWidth'"),
    ("startsWith(type, 'a')", 1, "there is no function 'startsWith' in this place"),
    ("true && dta.x.y == 1", 9, "there is no variable 'dta'"),
    ("type == 3", 6, "'==' does not take a string and an int"),
    ("subject.name == 'x'", 8, "a string has no fields"),
    ("'text'", 1, "the expression gives string, expected true or false"),
    ("(" * 1000 + "true" + ")" * 1000, 1, "nests too deeply, at most 32 levels"),
    ("\0", 1, "unexpected '\\x00'"),
    ("\ud800", 1, "half of a surrogate pair"),
    ("a" * (MAX_LENGTH + 1), 1, "at most 4096"),
    ("data.list.all(n, (id + id).size() > 0)", 1, "cannot be joined with '+' inside of a loop"),
    ("data.list.all(n, data.list.exists(m, n + m == [1]))", 1, "cannot be joined with '+' inside of a loop"),
    ("+".join(["id"] * 10) + " == id", 1, "at most 8 texts or lists can be joined"),
    ("data.list.map(n, [n, n]).size() > 0", 1, "'map' is not available"),
    ("data.list.map(n, n > 1, data).size() > 0", 1, "'map' is not available"),
    ("[[id, id]].all(a, [[a, a]].all(b, b == b))", 1, "inside of a loop can hold constants alone"),
    ("data.list.all(n, {'a': data} == data)", 1, "inside of a loop can hold constants alone"),
])  # fmt: skip
def test_wrong_expression_says_what_and_where(text, column, message):
    with pytest.raises(FilterSyntaxError) as caught:
        Filters().compile(text)
    assert message in str(caught.value)
    assert caught.value.column == column
    assert not any(
        jargon in str(caught.value) for jargon in ("INVALID_ARGUMENT", "<input>", "container", "expecting {")
    )


def test_place_in_a_text_of_several_lines_is_given():
    with pytest.raises(FilterSyntaxError) as caught:
        Filters().compile("true &&\n  foo")
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize(("text", "message", "place"), [
    ('scope.team_name == "a"', "no event has 'team_name' in its scope", "team_name"),
    ("has(scope.Team)", "no event has 'Team' in its scope", "Team"),
    ('"a-b" in scope', "no event has 'a-b' in its scope", '"a-b"'),
    ('scope["type"] == "a"', "no event has 'type' in its scope", '"type"'),
    ('data.x.matches("(a")', "the regular expression '(a' does not compile", '"(a"'),
    ('time > timestamp("yesterday")', "'yesterday' is no timestamp", '"yesterday"'),
    ('time + duration("1 day") > time', "'1 day' is no duration", '"1 day"'),
])  # fmt: skip
def test_what_can_never_be_right_is_refused(text, message, place):
    with pytest.raises(FilterSyntaxError) as caught:
        Filters().compile(text)
    wrong = caught.value.wrong
    assert message in wrong.message
    assert text[wrong.offset : wrong.offset + wrong.length] == place


@pytest.mark.parametrize(("text", "never", "always"), [
    ("true", False, True),
    ("1 == 1", False, True),
    ("data.x == 1 || true", False, True),
    ("false", True, False),
    ("data.x == 1 && false", True, False),
    ('data.x == "a" && data.y && data.x == "b"', True, False),
    ('data.x == "a" || data.x == "b"', False, False),
    ('data.x == "a" && data.y == "b"', False, False),
    ('data[id] == "a" && data[id] == "b"', False, False),
    ('data.x == "a" && data.x in ["b", "c"]', True, False),
    ("[1].exists(x, x == 1)", False, True),
    ("data.x == data.x", False, False),
])  # fmt: skip
def test_constant_answer_is_told(text, never, always):
    look = Filters().look(text)
    assert (look.never, look.always) == (never, always)


@pytest.mark.parametrize(("text", "types"), [
    ('type == "a" && data.x', {"a"}),
    ('"a" == type', {"a"}),
    ('type in ["a", "b"] && data.x', {"a", "b"}),
    ('type == "a" || type == "b"', None),
    ('type != "a"', None),
])  # fmt: skip
def test_types_that_are_asked_for_are_told(text, types):
    assert Filters().look(text).types == types


def test_each_text_is_compiled_once():
    filters = Filters()
    assert filters.compile("true") is filters.compile("true")


def test_memory_of_compiled_texts_is_bounded():
    filters = Filters(keep=2)
    first = filters.compile("1 == 1")
    filters.compile("2 == 2")
    filters.compile("3 == 3")
    assert filters.compile("1 == 1") is not first


def test_large_event_costs_nothing_where_constants_are_asked_for():
    data = {"commits": [{"author": "x", "files": ["a/b"] * 10} for _ in range(900)], "text": "a" * 900_000}
    text = 'data.commits.exists(c, c.author == "y" || c.files.exists(f, f.startsWith("z"))) || data.text != ""'
    assert evaluate(text, Event(type="t", source="s", data=data))
