"""The schema for editors is draft-07, and agrees with the verdict."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from reconciler.config.schemas.bundle import _downgrade, build_bundle
from reconciler.config.yaml.reader import read_documents

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yaml"))
GOOD = sorted((HERE / "good").glob("*.yaml"))


@pytest.fixture
def bundle(judge):
    return build_bundle(judge.catalogue)


def fits(bundle, document):
    return Draft7Validator(bundle).is_valid(document)


def test_bundle_is_draft_07_and_json(bundle):
    Draft7Validator.check_schema(bundle)
    assert bundle["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "$defs" not in json.dumps(bundle)


def test_bundle_names_every_integration(bundle, judge):
    assert bundle["properties"]["integration"]["enum"] == judge.catalogue.ids()


@pytest.mark.parametrize("path", GOOD, ids=[path.stem for path in GOOD])
def test_bundle_takes_good_documents(bundle, path):
    for document in read_documents(path.read_bytes(), "").documents:
        assert fits(bundle, document.value)


SEMANTIC = {
    "references", "both-branches", "not-in-force", "bounds", "broken-integration", "remote-schema", "events", "filters",
    "redundant-events", "slips", "templates",
}  # fmt: skip


@pytest.mark.parametrize("path", [p for p in BAD if p.stem not in SEMANTIC], ids=lambda path: path.stem)
def test_bundle_refuses_bad_documents(bundle, path):
    for document in read_documents(path.read_bytes(), "").documents:
        assert not fits(bundle, document.value)


def test_settings_that_are_needed_cannot_be_left_out(bundle):
    assert not fits(bundle, {"integration": "chat", "name": "a"})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, ["a", 1], ["a", "b"]),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1, "b": 1}, {"a": 1}),
        (
            {"dependentSchemas": {"a": {"required": ["b"]}}, "dependentRequired": {"a": ["c"]}},
            {"a": 1, "b": 1, "c": 1},
            {"a": 1, "b": 1},
        ),
        (
            {"properties": {"x": {"$ref": "#/$defs/t", "maxLength": 2}}, "$defs": {"t": {"type": "string"}}},
            {"x": "ab"},
            {"x": "abc"},
        ),
        (
            {"properties": {"$defs": {"type": "string"}, "prefixItems": {"type": "integer"}}},
            {"$defs": "a", "prefixItems": 1},
            {"prefixItems": "a"},
        ),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"prefixItems": [{"type": "string"}]}, "b": True}}, ["a"], [1]),
    ],
    ids=lambda value: str(value)[:50],
)
def test_newer_keywords_are_rewritten(schema, good, bad):
    whole = {"definitions": {"here": _downgrade(schema, "#/definitions/here")}, "$ref": "#/definitions/here"}
    Draft7Validator.check_schema(whole)
    assert Draft7Validator(whole).is_valid(good)
    assert not Draft7Validator(whole).is_valid(bad)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner),
        max_leaves=8,
    )
)
def test_rewriting_keeps_the_verdict(value):
    from jsonschema import Draft202012Validator

    schema = {
        "$defs": {"s": {"type": ["string", "integer"]}, "l": {"prefixItems": [{"$ref": "#/$defs/s"}], "items": {"type": "null"}}},
        "properties": {"a": {"$ref": "#/$defs/l", "minItems": 1}, "b": {"dependentRequired": {"a": ["b"]}}},
        "dependentRequired": {"b": ["a"]},
    }  # fmt: skip
    assert Draft7Validator(_downgrade(schema, "#")).is_valid(value) == Draft202012Validator(schema).is_valid(value)
