"""Keys that exclude each other are said in another way, which takes and refuses the same objects."""

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.config.schemas.exclusive import with_exclusions

KEYS = ["a", "b", "c"]
EITHER = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
BRANCHES = st.lists(
    st.lists(st.sampled_from(KEYS), max_size=2).map(lambda keys: {"required": keys, "title": "x"}) | st.just({"minProperties": 1}),
    min_size=1, max_size=3,
)  # fmt: skip
SCHEMAS = st.fixed_dictionaries(
    {"oneOf": BRANCHES, "type": st.sampled_from(["object", ["object", "null"]])},
    optional={
        "anyOf": st.just([{"required": ["c"]}, {}]),
        "allOf": st.just([{"maxProperties": 2}]),
        "dependentSchemas": st.just({"a": {"required": ["c"]}}),
    },
)


@given(SCHEMAS, st.dictionaries(st.sampled_from(KEYS), st.none()) | st.none() | st.integers())
def test_rewritten_schema_gives_the_same_verdict(schema, value):
    assert Draft202012Validator(with_exclusions(schema)).is_valid(value) == Draft202012Validator(schema).is_valid(value)


def test_the_second_of_two_keys_is_refused_with_both_names():
    refused = with_exclusions(EITHER)["dependentSchemas"]["a"]
    assert (refused["properties"], refused["errorMessage"]) == ({"b": False}, "a and b exclude each other")


def test_branches_that_say_more_stay_as_they_are():
    schema = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"], "minProperties": 2}]}
    assert with_exclusions(schema) == schema
