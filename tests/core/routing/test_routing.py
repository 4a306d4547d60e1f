"""The routing index equals the naive matcher, whatever the order of insertion, and leaves no trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.routing.routing import Route, RoutingIndex, type_matches
from reconciler.model.delivery import DeliveryPolicy

POLICY = DeliveryPolicy()
SEGMENT = st.sampled_from(["a", "b", "c"])
TYPES = st.lists(SEGMENT, min_size=1, max_size=4).map(".".join)
PATTERNS = st.lists(st.one_of(SEGMENT, st.sampled_from(["*", "**"])), min_size=1, max_size=4).map(".".join)
VALUES = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3).map(tuple)
SCOPES = st.dictionaries(st.sampled_from(["org", "team"]), VALUES)
EVENT_SCOPES = st.dictionaries(st.sampled_from(["org", "team", "other"]), st.sampled_from("xyz"))


def route(config_id, pattern, scope=None, when=None):
    return Route(config_id, pattern, when, scope or {}, POLICY)


CONFIGS = st.dictionaries(
    st.sampled_from(["i/a", "i/b", "i/c"]),
    st.lists(st.tuples(PATTERNS, SCOPES, st.sampled_from([None, "x", "y"])), max_size=3),
)


def fill(configs, order=None):
    index = RoutingIndex()
    for key in order or configs:
        index.replace(key, [route(key, pattern, scope, when) for pattern, scope, when in configs[key]])
    return index


def naive(configs, event_type, scope):
    return {
        (key, pattern, when)
        for key, filters in configs.items()
        for pattern, wanted, when in filters
        if slow_match(pattern.split("."), event_type.split("."))
        and all(scope.get(k) in values for k, values in wanted.items())
    }


def slow_match(pattern, segments):
    if not pattern:
        return not segments
    if pattern[0] == "**":
        return slow_match(pattern[1:], segments) or (bool(segments) and slow_match(pattern, segments[1:]))
    return bool(segments) and pattern[0] in ("*", segments[0]) and slow_match(pattern[1:], segments[1:])


def found(index, event_type, scope):
    return {(r.config_id, r.type, r.when) for r in index.candidates(event_type, scope)}


@given(CONFIGS, TYPES, EVENT_SCOPES)
def test_index_equals_the_naive_matcher(configs, event_type, scope):
    assert found(fill(configs), event_type, scope) == naive(configs, event_type, scope)


@given(PATTERNS, TYPES)
def test_type_matches_equals_the_naive_matcher(pattern, event_type):
    assert type_matches(pattern, event_type) == slow_match(pattern.split("."), event_type.split("."))


@given(CONFIGS, TYPES, EVENT_SCOPES)
def test_order_of_insertion_changes_nothing(configs, event_type, scope):
    other = fill(configs, sorted(configs, reverse=True))
    assert other.candidates(event_type, scope) == fill(configs).candidates(event_type, scope)


@given(CONFIGS, CONFIGS, TYPES, EVENT_SCOPES)
def test_replacing_and_removing_leave_no_trace(before, after, event_type, scope):
    index = fill(before)
    for key in {*before, *after}:
        index.replace(key, [route(key, *filters) for filters in after.get(key, [])])
    assert found(index, event_type, scope) == naive(after, event_type, scope)
    for key in after:
        index.remove(key)
    assert vars(index)["_exact"] == {}
    assert not vars(index)["_patterns"].children


def test_many_values_are_checked_instead_of_expanded():
    values = tuple(f"v{n}" for n in range(100))
    index = RoutingIndex()
    index.replace("i/a", [route("i/a", "t", {"org": values, "team": values})])
    assert len(index.candidates("t", {"org": "v1", "team": "v2"})) == 1
    assert index.candidates("t", {"org": "v1", "team": "other"}) == []


@pytest.mark.parametrize(("pattern", "event_type", "expected"), [
    ("build.*", "build.finished", True),
    ("build.*", "build.x.y", False),
    ("build.**", "build", True),
    ("**.finished", "a.b.finished", True),
    ("**.**.**.**.**.**.**.**.z", "a." * 200 + "y", False),
])  # fmt: skip
def test_patterns(pattern, event_type, expected):
    assert type_matches(pattern, event_type) is expected
