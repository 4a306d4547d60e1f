"""Why a `when` does not hold: the pieces that were false, what they saw, and never anything else than the truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.filter.explain import Explainer, Truth
from reconciler.core.filter.filter import FilterError, Filters
from reconciler.core.filter.parts import Kind, take_apart
from reconciler.model.event import Event

DATA = {"status": "passed", "branch": "main", "n": 3, "tags": ["a", "b"], "who": {"name": "ada"}}
EVENT = Event(type="build.finished", source="/x", id="1", data=DATA)


def explain(text, event=EVENT):
    return Explainer().explain(text, event)


def reasons(text):
    return [(r.text, [(seen.text, seen.value) for seen in r.seen]) for r in explain(text).reasons]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('data.status == "failed" && data.branch == "main"', [('data.status == "failed"', [("data.status", "passed")])]),
        ('data.branch == "x" || "c" in data.tags', [('data.branch == "x"', [("data.branch", "main")]), ('"c" in data.tags', [("data.tags", ["a", "b"])])]),
        ('!(data.n == 3 || data.status == "x")', [("data.n == 3", [("data.n", 3)])]),
        ('!(data.n == 3 && type == "build.finished")', [("data.n == 3", [("data.n", 3)]), ('type == "build.finished"', [("type", "build.finished")])]),
        ('data.branch.startsWith("rel")', [('data.branch.startsWith("rel")', [("data.branch", "main")])]),
        ("size(data.tags) > 2", [("size(data.tags) > 2", [("size(data.tags)", 2)])]),
        ('data.who == {"name": "bob"}', [('data.who == {"name": "bob"}', [("data.who", {"name": "ada"})])]),
        ("has(data.x)", [("has(data.x)", [])]),
        ("data.status == 'a && b'", [("data.status == 'a && b'", [("data.status", "passed")])]),
        ("// why\n(data.n > 3) // not || this\n && true", [("data.n > 3", [("data.n", 3)])]),
    ],
)  # fmt: skip
def test_false_expression_names_the_pieces_that_were_false(text, expected):
    assert reasons(text) == expected


def test_error_that_does_not_matter_is_not_a_reason():
    assert reasons('data.nothing == 1 && data.n == 4 && data.status == "passed"') == [("data.n == 4", [("data.n", 3)])]


def test_key_that_is_not_there_is_told_with_the_nearest():
    found = explain('data.brnch == "main" && data.n == 3')
    assert (found.truth, found.reasons[0].error) == (
        Truth.ERROR,
        "there is no `brnch` in data: did you mean `branch`?",
    )


def test_key_of_an_empty_scope_is_told_so():
    assert explain('scope.team == "web"').reasons[0].error == "there is no `team` in scope: it is empty"


def test_key_of_something_without_keys_is_told_so():
    assert "data.status has no keys: it is a string" in explain("data.status.x == 1").reasons[0].error


def test_expression_that_gives_no_boolean_is_an_error():
    assert (explain("data.n").truth, explain("data.n").error) == (
        Truth.ERROR,
        "the expression gave int, expected true or false",
    )


def test_true_expression_needs_no_reason():
    assert (explain("data.n == 3").truth, explain("data.n == 3").reasons) == (Truth.TRUE, ())


def test_expression_that_does_not_compile_is_an_error():
    assert "does not compile" in explain("data.n ==").error


def test_event_that_is_too_large_is_said_and_not_looked_at_piece_by_piece():
    large = Event(type="x", source="/x", data={"l": list(range(20_000))})
    found = explain("data.l.all(a, data.l.exists(b, b == a)) && data.l.size() == 0", large)
    assert (found.truth, found.reasons, "too large" in found.error) == (Truth.ERROR, (), True)


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("a || b && c", Kind.ANY, ["a", "b && c"]),
        ("((a))", Kind.WHOLE, []),
        ("(a) && (b)", Kind.ALL, ["a", "b"]),
        ("a ? b && c : d", Kind.WHOLE, []),
        ("!a == b", Kind.COMPARISON, ["!a", "b"]),
        ("x.exists(i, i == 1 || i == 2)", Kind.WHOLE, []),
        ('r"\\" == a && b', Kind.ALL, ['r"\\" == a', "b"]),
        ("'''a\n' && b''' == c", Kind.COMPARISON, ["'''a\n' && b'''", "c"]),
        ("a in [1, 2]", Kind.COMPARISON, ["a", "[1, 2]"]),
        ("x.inner && y", Kind.ALL, ["x.inner", "y"]),
    ],
)
def test_expression_is_taken_apart_where_people_read_it(text, kind, parts):
    piece = take_apart(text)
    assert (piece.kind, [part.text for part in piece.parts]) == (kind, parts)


LEAVES = st.sampled_from([
    "data.n == 3", "data.n < 2", 'data.status == "failed"', "has(data.x)", "data.x == 1", '"a" in data.tags', "true",
    'data.branch.matches("^m")', "data.tags.exists(t, t == 'b' && true)", "data.n", "data.n != 3 == false",
])  # fmt: skip
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda a: f"!({a})"),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join),
        st.tuples(inner, st.sampled_from([" &&", "||\n "]), inner).map(lambda x: f"({''.join(x)})"),
        st.tuples(inner, inner, inner).map(lambda x: f"({x[0]}) ? ({x[1]}) : ({x[2]})"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_explanation_says_what_the_filter_says(text):
    filters = Filters()
    try:
        truth = "true" if filters.compile(text).matches(filters.activation(EVENT)) else "false"
    except FilterError:
        truth = "error"
    found = explain(text)
    assert found.truth == truth
    assert bool(found.reasons) == (truth != "true")
