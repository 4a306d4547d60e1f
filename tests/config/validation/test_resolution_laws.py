"""Settings that are resolved together, sharing what they can, come out as a plain way gives each of them by itself."""

from pathlib import Path

import jsonschema
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.config.references import filled, references
from reconciler.config.resolved import Resolved
from reconciler.config.revealed import Revealed
from reconciler.config.secrets import SecretResolver
from reconciler.model.secret import Secret, SecretRef

ENVIRON = {
    "A": "tok-a",
    "B": "tok-b",
    "ALSO_A": "tok-a",
    "SHORT": "x",
    "LONG": "sesame-open",
    "EMPTY": "",
    "ODD": "\udcff",
}
URIS = st.sampled_from(
    [*(f"env:{name}" for name in ENVIRON), "env:NONE", "env:RECONCILE_X", "file:a", "vault:a", "env", ""]
)
FORMATS = st.sampled_from(["{}", "Bearer {}", "tok-{}", "none", "{}{}"])
PLAIN = {"secret": "env:A"}
KEYS = st.sampled_from(["a", "b", "c", "secret", "format"])
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 1.0, "", "tok-a", "x", "long enough"])
    | st.builds(lambda uri: {"secret": uri}, URIS)
    | st.builds(lambda uri, form: {"secret": uri, "format": form}, URIS, FORMATS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
MANY = st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=6)

TOKEN = {"type": "string", "pattern": "^tok-"}
ANY_OF_THEM = {
    "additionalProperties": {"$ref": "#/$defs/one"},
    "$defs": {"one": {"type": ["string", "null", "object"]}},
}
SCHEMAS = st.sampled_from([
    None,
    {},
    {"properties": {"a": TOKEN, "b": {"type": "string", "minLength": 1}}},
    {"properties": {"a": {"items": TOKEN}, "b": {"properties": {"c": TOKEN}}}},
    {"properties": {"a": {"uniqueItems": True}, "b": {"const": "tok-a"}}, "required": ["a"]},
    {"oneOf": [{"properties": {"a": TOKEN}}, {"properties": {"b": TOKEN}}, {"properties": {"a": {"const": "x"}}}]},
    {"if": {"properties": {"a": {"const": "tok-a"}}, "required": ["a"]}, "then": {"properties": {"b": TOKEN}}},
    {"not": {"properties": {"a": {"enum": ["tok-b", ""]}}, "required": ["a"]}},
    {"dependentSchemas": {"a": {"required": ["b"]}}, "unevaluatedProperties": False, "properties": {"a": TOKEN}},
    ANY_OF_THEM,
])  # fmt: skip


def resolver(revealed=None):
    return SecretResolver(Path("/nowhere"), ENVIRON, revealed=revealed)


def plainly(one, schema):
    """Resolve one settings with nothing shared and nothing skipped; None where it needs a closer look."""
    refs = {path: ref for path, value in references(one) if path and (ref := SecretRef.parse(value)) is not None}
    if any(ref.scheme != "env" or ref.path not in ENVIRON or ref.path == "ODD" for ref in refs.values()):
        return None
    texts = {path: ref.template.replace("{}", ENVIRON[ref.path]) for path, ref in refs.items()}
    if refs and schema is not None and not jsonschema.Draft202012Validator(schema).is_valid(filled(one, texts)):
        return None
    places = tuple((path, Secret(text)) for path, text in texts.items())
    return Resolved(filled(one, texts, Secret), tuple(dict.fromkeys(ref.uri for ref in refs.values())), places)


@given(MANY, SCHEMAS)
@example([{"a": PLAIN, "b": "x"}, {"a": PLAIN, "b": "y"}, {"a": {**PLAIN, "more": 1}}, {"a": {"more": PLAIN}}], None)
@example([{"a": [PLAIN, PLAIN]}, {"a": [PLAIN, {"secret": "env:B"}]}], {"properties": {"a": {"uniqueItems": True}}})
@example([{"a": {**PLAIN, "format": "{} and more"}}, {"a": {**PLAIN, "format": "Bearer {}"}}, {"a": PLAIN}], None)
@settings(max_examples=300)
def test_many_come_out_as_each_does_plainly(many, schema):
    assert resolver().resolve_many(many, schema) == [plainly(one, schema) for one in many]


def mutable(value):
    """Yield the identity of everything in `value` that could be changed."""
    if isinstance(value, dict | list):
        yield id(value)
        for item in value.values() if isinstance(value, dict) else value:
            yield from mutable(item)


@given(MANY)
def test_nothing_that_can_be_changed_is_shared(many):
    found = [one.settings for one in resolver().resolve_many(many, None) if one is not None]
    places = [place for one in (*many, *found) for place in mutable(one)]
    assert len(places) == len(set(places))


def test_value_is_looked_for_as_long_as_one_of_many_holds_it():
    one, other = resolver(revealed := Revealed(kept=0)).resolve_many([{"a": {"secret": "env:LONG"}}] * 2, None)
    one.settings["a"].reveal()
    del one
    Secret("another", revealed.note).reveal()
    assert revealed.masked("sesame-open") == "***"
    assert other.settings["a"].reveal() == "sesame-open"


def test_next_call_sees_a_new_value():
    environ = {"A": "before"}
    found = SecretResolver(Path("/nowhere"), environ)
    before = found.resolve_many([{"a": PLAIN}], None)
    environ["A"] = "after"
    assert found.resolve_many([{"a": PLAIN}], None) != before
