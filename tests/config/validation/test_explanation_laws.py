"""The two libraries agree on what is valid, explanations always say something, and never a secret."""

import json

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.config.explain.engine import Engine
from reconciler.config.explain.explain import Explainer
from reconciler.config.schemas.schema import SettingsSchema, compile_schema
from reconciler.config.yaml.reader import RawDocument

KEYS = ("a", "b", "c")
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "", "a", "ab", "x.y", "a@b.c"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])
PATTERNS = st.sampled_from(["^a", "b$", "^[ab]*$", "."])


def keywords(inner):
    schemas = st.lists(inner, min_size=1, max_size=3)
    by_key = st.dictionaries(st.sampled_from(KEYS), inner, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=2, unique_by=json.dumps),
            "const": VALUES,
            "minimum": st.integers(-2, 2),
            "exclusiveMaximum": st.integers(-2, 2),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "pattern": PATTERNS,
            "minItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "items": inner,
            "prefixItems": schemas,
            "contains": inner,
            "required": st.lists(st.sampled_from(KEYS), max_size=2, unique=True),
            "properties": by_key,
            "patternProperties": st.dictionaries(PATTERNS, inner, max_size=1),
            "additionalProperties": inner,
            "unevaluatedProperties": inner,
            "propertyNames": inner,
            "dependentRequired": st.dictionaries(st.sampled_from(KEYS), st.lists(st.sampled_from(KEYS), max_size=1)),
            "maxProperties": st.integers(0, 2),
            "anyOf": schemas,
            "oneOf": schemas,
            "allOf": schemas,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
        },
    )


SCHEMAS = st.recursive(st.booleans() | st.just({}), keywords, max_leaves=6).filter(
    lambda schema: isinstance(schema, dict)
)
WHOLE = settings(max_examples=300)


@given(SCHEMAS, VALUES)
@WHOLE
def test_libraries_agree(schema, value):
    verdict = compile_schema(schema).is_valid(value)
    assert jsonschema.Draft202012Validator(schema).is_valid(value) == verdict
    found = Engine(schema).errors(value, 50)
    assert found.complete and bool(found.errors) == (not verdict)


FORMATS = [
    "uri",
    "email",
    "date-time",
    "date",
    "time",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
    "regex",
    "uri-reference",
    "duration",
    "json-pointer",
    "unknown",
]
TEXTS = ["", "a", "a@b", "a@b.example", "https://example.com/x", "/x", "2026-01-31", "2026-02-30", "2026-01-31T12:00:00Z",
         "12:00:00Z", "1.2.3.4", "256.1.1.1", "::1", "ex_ample.com", "example.com", "(", "P1D", "123e4567-e89b-12d3-a456-426614174000"]  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_judged_alike(name):
    schema = {"format": name}
    for text in TEXTS:
        assert bool(Engine(schema).errors(text, 5).errors) == (not compile_schema(schema).is_valid(text))


@pytest.mark.parametrize(
    "dialect", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema"]
)
@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/definitions/t", "type": "integer"}}, "definitions": {"t": {"type": "string"}}},
        {"items": [{"type": "string"}], "additionalItems": False},
        {"dependencies": {"a": ["b"], "c": {"required": ["a"]}}},
        {"properties": {"a": False}},
    ],
    ids=str,
)
@pytest.mark.parametrize("value", [{"a": "x"}, {"a": 1}, {"c": 1}, ["x"], ["x", "y"], [1], {"a": 1, "b": 1}], ids=str)
def test_older_dialects_are_judged_alike(dialect, schema, value):
    whole = {"$schema": dialect, **schema}
    assert bool(Engine(whole).errors(value, 5).errors) == (not compile_schema(whole).is_valid(value))


@given(SCHEMAS, VALUES)
@WHOLE
def test_what_is_refused_is_explained(schema, value):
    if compile_schema(schema).is_valid(value):
        return
    found = Explainer(schema).explain(RawDocument({"settings": value}, 1), "f", value, ("settings",))
    assert 0 < len(found) <= 50
    for diagnostic in found:
        assert diagnostic.is_error and diagnostic.message and diagnostic.help and "schemas" not in diagnostic.message


SECRET = "hunter2"
SECRET_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a": {"type": "string", "writeOnly": True, "minLength": 20},
        "b": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/s"}, {"enum": ["x"]}]},
        "c": {"type": "array", "items": {"$ref": "#/$defs/s"}, "uniqueItems": True},
        "d": {
            "type": "object",
            "writeOnly": True,
            "properties": {"e": {"const": 5}},
            "additionalProperties": {"enum": [1]},
        },
    },
    "$defs": {"s": {"writeOnly": True, "allOf": [{"type": "string", "pattern": "^tok-"}]}},
}
LEAKS = st.recursive(
    st.sampled_from([SECRET, f"{SECRET}:x", f"env:{SECRET}!", 5, None]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([SECRET, "secret", "format", "e"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from("abcd"), LEAKS), st.booleans())
@WHOLE
def test_no_finding_shows_what_stands_at_the_place_of_a_secret(value, allow_plaintext):
    schema = SettingsSchema(SECRET_SCHEMA, allow_plaintext=allow_plaintext)
    if schema.is_valid(value):
        return
    for diagnostic in Explainer(schema.schema).explain(RawDocument({"settings": value}, 1), "f", value, ("settings",)):
        assert SECRET not in diagnostic.message + diagnostic.help


ENVELOPE = ["integration", "name", "enabled", "scope", "labels", "settings", "events", "message", "delivery", "other"]
PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["chat", "a", "{{", "env:X", "1h", "*"]) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "when", "title", "fields", "retry_for", "rate", "token", "secret", "format", "hook"]) | st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(ENVELOPE), PARTS).map(lambda raw: {"integration": "chat", **raw}) | PARTS)
@example(raw={"integration": "chat", "message": {"0 ": None, "1 ": [2], "3 ": {"a": "b"}}})
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def test_every_document_gets_a_verdict(judge, raw):
    checked = judge.validator.check_value(raw)
    assert (checked.document is None) == any(d.is_error for d in checked.diagnostics)
    assert all(d.help for d in checked.diagnostics)
    assert list(checked.diagnostics) == sorted(checked.diagnostics, key=lambda d: d.sort_key())
