"""Where values differ, and what containing means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.cases.differences import ABSENT, differences, lacking

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["", "a", "ab"]), st.sampled_from([1.0, 0.5])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=8,
)


@given(JSON)
def test_value_equals_and_contains_itself(value):
    assert (list(differences(value, value)), list(lacking(value, value))) == ([], [])


@given(JSON, JSON)
def test_what_is_equal_is_contained(wanted, found):
    if not list(differences(wanted, found)):
        assert list(lacking(wanted, found)) == []


@given(JSON, JSON)
def test_differences_name_each_place_once(wanted, found):
    paths = [one.path for one in differences(wanted, found)]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, [(("b",), ABSENT, 2)]),
        ({"a": [1, 2]}, {"a": [1]}, [(("a", 1), 2, ABSENT)]),
        (1, True, [((), 1, True)]),
        (1, 1.0, [((), 1, 1.0)]),
        ({"a": None}, {}, [(("a",), None, ABSENT)]),
    ],
)
def test_difference_is_told_with_both_sides(wanted, found, expected):
    assert [(d.path, d.wanted, d.found) for d in differences(wanted, found)] == expected


@pytest.mark.parametrize(
    ("wanted", "found", "is_contained"),
    [
        ("ell", "hello", True),
        ("hello", "ell", False),
        ({"a": "x"}, {"a": "xy", "b": 1}, True),
        ([1, 3], [1, 2, 3], True),
        ([3, 1], [1, 2, 3], False),
        ([{"t": "b"}], [{"t": "a"}, {"t": "b", "u": 1}], True),
        ([1, 1], [1], False),
        (1, True, False),
    ],
)
def test_containing(wanted, found, is_contained):
    assert (not list(lacking(wanted, found))) == is_contained
