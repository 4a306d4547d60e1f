"""Schemas of integrations: what is refused, what stays bounded, and where references may stand."""

import time

import pytest

from reconciler.config.schemas.schema import SettingsSchema
from reconciler.model.errors import RegistrationError

LIMIT = 5.0
"""Seconds of the processor, whatever else the machine does; without bounds each takes minutes, or has no end."""
REF = {"secret": "env:X"}
WRITE_ONLY = {"type": "string", "writeOnly": True}


def takes(schema, value, **options):
    return SettingsSchema({"type": "object", "properties": {"x": schema}, **options}).is_valid({"x": value})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "string", "pattern": "^#", "oneOf": [{"minLength": 1}, {"maxLength": 0}]},
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"allOf": [{"type": "string"}, {"minLength": 3}]},
        {"$ref": "#/$defs/text"},
        {"$ref": "#token"},
        WRITE_ONLY,
        {"$ref": "#/$defs/text", "writeOnly": True},
        {"anyOf": [WRITE_ONLY, {"type": "null"}]},
        {"anyOf": [{"type": "string"}, WRITE_ONLY]},
        {"type": "object", "writeOnly": True},
        {"if": {"type": "object"}, "then": {"type": "object"}, "else": {"type": "string"}},
        {},
    ],
    ids=str,
)
def test_reference_stands_where_text_goes(schema):
    shared = {"$defs": {"text": {"type": "string"}, "token": {"$anchor": "token", "type": "string", "minLength": 2}}}
    assert takes(schema, REF, **shared)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": {"type": "string"}}, ["a", REF]),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, [REF]),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"H": REF}),
        (
            {"type": "object", "patternProperties": {"^H": {"type": "string"}}, "additionalProperties": False},
            {"H": REF},
        ),
        ({"type": "object", "properties": {"a": {"properties": {"b": {"type": "string"}}}}}, {"a": {"b": REF}}),
        ({"type": "object", "properties": {"b": {"type": "string"}}, "unevaluatedProperties": False}, {"b": REF}),
    ],
    ids=str,
)
def test_reference_stands_where_text_goes_inside(schema, value):
    assert takes(schema, value)


@pytest.mark.parametrize(
    "schema",
    [{"type": "integer"}, {"enum": ["a"]}, {"type": "string", "enum": ["a"]}, {"const": "a"}, {"type": "array"}],
    ids=str,
)
def test_reference_stands_nowhere_else(schema):
    assert not takes(schema, REF)


@pytest.mark.parametrize(
    "value",
    ["literal", 5, None, {}, {"secret": "x"}, {"secret": "env:X", "more": 1}, {"secret": "env:X", "format": "{}{}"}],
    ids=str,
)
def test_nothing_but_a_reference_stands_for_a_secret(value):
    assert not takes(WRITE_ONLY, value)


def test_literals_stand_for_secrets_where_that_is_allowed():
    schema = SettingsSchema({"properties": {"x": {**WRITE_ONLY, "minLength": 3}}}, allow_plaintext=True)
    assert schema.is_valid({"x": "abc"}) and schema.is_valid({"x": REF}) and not schema.is_valid({"x": "a"})


@pytest.mark.parametrize(
    "dialect",
    [
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
    ],
)
def test_dialects_are_known(dialect):
    tuple_of_text = {"items": [{"type": "string"}], "additionalItems": False}
    old = "2020" not in dialect
    schema = {
        "$schema": dialect,
        "properties": {"x": tuple_of_text if old else {"prefixItems": [{"type": "string"}], "items": False}},
    }
    assert SettingsSchema(schema).is_valid({"x": [REF]})
    assert not SettingsSchema(schema).is_valid({"x": ["a", "b"]})


def chain(length):
    links = {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(length)}
    return {"$defs": {**links, f"a{length}": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a0"}}}


def doubling(levels):
    links = {f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}, {"$ref": f"#/$defs/a{i + 1}"}]} for i in range(levels)}
    return {"$defs": {**links, f"a{levels}": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a0"}}}


def nested(levels):
    schema = {"type": "string"}
    for _ in range(levels):
        schema = {"properties": {"x": schema}}
    return schema


TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}
    },
}
GRAMMAR = {
    "anyOf": [
        {"type": "string"},
        *(
            {
                "properties": {name: {"type": "array", "items": {"$ref": "#"}}},
                "required": [name],
                "additionalProperties": False,
            }
            for name in ("and", "or", "not", "xor")
        ),
    ]
}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "strin"}, "type: 'strin' is not one of"),
        ({"properties": []}, "properties: "),
        ({"properties": {"x": {"minLength": -1}}}, "properties/x/minLength"),
        ({"properties": {"x": {"pattern": "("}}}, "schema.json: "),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "the dialect .* is not known"),
        ({"$schema": 5}, "the dialect .* is not known"),
        ({"$ref": "https://example.com/x"}, "leads outside"),
        ({"properties": {"x": {"$ref": "other.json#/a"}}}, "leads outside"),
        ({"properties": {"x": {"$dynamicRef": "https://example.com/x"}}}, "leads outside"),
        ({"properties": {"x": {"$ref": "#/$defs/nothing"}}}, "leads to no schema"),
        ({"properties": {"x": {"$ref": "#/properties"}}}, "leads to no schema"),
        ({"properties": {"x": {"$id": "https://example.com/x", "type": "string"}}}, "may stand at the top alone"),
        ({"$ref": "#"}, "refers to itself"),
        ({"allOf": [{"anyOf": [{"$ref": "#"}]}]}, "refers to itself"),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "refers to itself"),
        (doubling(40), "its branches multiply"),
        ({"anyOf": [{"properties": {"x": {"$ref": "#"}}}, {"properties": {"x": {"$ref": "#"}}}]}, "branches multiply"),
        (chain(5000), "a chain of more than"),
        (nested(5000), "nested deeper"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_schema_that_makes_no_sense_is_refused(schema, message):
    started = time.process_time()
    with pytest.raises(RegistrationError, match=message):
        SettingsSchema(schema)
    assert time.process_time() - started < LIMIT


@pytest.mark.parametrize(
    "schema",
    [TREE, GRAMMAR, chain(500), doubling(10), nested(60), {"$id": "https://example.com/x", "type": "object"}],
    ids=["tree", "grammar", "chain", "doubling", "nested", "id"],
)
def test_schema_of_a_size_that_people_write_is_taken(schema):
    SettingsSchema(schema)


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(a|aa)+\1$", r"^(?=(a+)+$)(a|a?)+(?!b)$"])
def test_hostile_pattern_takes_no_time(judge, site, pattern):
    site.add(
        "slow",
        {
            "properties": {
                "x": {"type": "string", "pattern": pattern},
                "y": {"patternProperties": {pattern: {"type": "integer"}}, "additionalProperties": False},
            }
        },
    )
    started = time.process_time()
    text = "a" * 60 + "!"
    checked = judge.settings({"x": text, "y": {text: 1}}, "slow")
    assert time.process_time() - started < LIMIT
    assert checked.document is None
    assert {d.rule for d in checked.diagnostics} <= {"invalid-value", "invalid-name", "validation-limit"}


def test_pattern_that_backtracks_is_named(judge, site):
    site.add("slow", {"properties": {"x": {"type": "string", "pattern": r"^(a|aa)+\1$"}}})
    (found,) = judge.settings({"x": "a" * 60 + "!"}, "slow").diagnostics
    assert found.rule == "validation-limit" and found.path == ("settings", "x")


def test_huge_union_is_explained_within_bounds(judge, site):
    branches = [
        {"type": "object", "required": [f"k{i}"], "properties": {f"k{i}": {"type": "integer"}}} for i in range(20_000)
    ]
    site.add("huge", {"anyOf": branches})
    judge.settings({"k1": 1}, "huge")
    started = time.process_time()
    checked = judge.settings({"x": 1}, "huge")
    assert time.process_time() - started < LIMIT
    assert checked.document is None and checked.diagnostics


def test_long_chain_is_explained(judge, site):
    site.add("chain", chain(1500))
    (found,) = [d for d in judge.settings({"x": 5}, "chain").diagnostics if d.rule != "validation-limit"]
    assert found.path == ("settings", "x")


def test_wide_document_has_a_bounded_number_of_findings(judge, site):
    site.add("wide", {"properties": {"x": {"items": {"type": "integer"}, "uniqueItems": True}}})
    checked = judge.settings({"x": [{"a": [str(i)]} for i in range(3_000)]}, "wide")
    assert 0 < len(checked.diagnostics) <= 50


@pytest.mark.parametrize(("declared", "rules"), [({"x-secrets": "declared"}, ["secret-reference"]), ({}, [])])
def test_reference_at_a_place_of_plain_text_is_refused_where_the_schema_declares_its_secrets(
    judge, site, declared, rules
):
    site.add(
        "plain",
        {
            **declared,
            "type": "object",
            "properties": {"url": {"type": "string"}, "key": {"type": "string", "writeOnly": True}},
        },
    )
    found = judge.settings({"url": {"secret": "env:URL"}, "key": {"secret": "env:KEY"}}, "plain")
    assert [d.rule for d in found.diagnostics] == rules
