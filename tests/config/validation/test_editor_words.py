"""What the bundle says to editors changes nothing of what it accepts, and is there where an author gave words for it."""

import json

import pytest

from reconciler.config.schemas.editor import for_editors, needed_keys
from reconciler.config.schemas.envelope import envelope_schema
from reconciler.config.schemas.files import for_files
from reconciler.model.descriptor import Descriptor

WORDS = {
    "errorMessage", "patternErrorMessage", "deprecationMessage", "enumDescriptions", "defaultSnippets", "examples",
}  # fmt: skip


def without_words(schema):
    if isinstance(schema, list):
        return [without_words(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_words(value) for key, value in schema.items() if key not in WORDS or isinstance(value, dict)}


def bundle_of(settings):
    """Return a bundle with one integration, as it is before it gets words."""
    return {**envelope_schema(), "definitions": {"duration": {}, "settings-x": settings}}


def explained(settings):
    """Return the settings schema of one integration as the bundle has it."""
    told = for_editors(bundle_of(settings), [Descriptor("x", "X", "Does x.", schema=settings)])
    return told["definitions"]["settings-x"]


@pytest.mark.parametrize("name", ["chat", "shapes"])
def test_words_change_nothing_else(judge, name):
    descriptor = judge.catalogue.descriptor(name)
    before = bundle_of(for_files(descriptor.schema, allow_plaintext=False))
    assert without_words(for_editors(before, [descriptor])) == without_words(before)


def test_deprecated_setting_is_told_with_what_its_author_says():
    done = explained({"properties": {"old": {"deprecated": True, "description": "Use new."}}})
    assert done["properties"]["old"]["deprecationMessage"] == "Use new."


def test_authors_own_words_stay():
    done = explained({"properties": {"on": {"type": "boolean", "errorMessage": "mine"}}})
    assert done["properties"]["on"]["errorMessage"] == "mine"


def test_setting_called_like_a_keyword_is_no_schema_of_its_own():
    schema = {"properties": {"pattern": {"type": "string"}, "type": {"enum": ["boolean"]}}}
    assert json.dumps(explained(schema)) == json.dumps(schema)


@pytest.mark.parametrize(
    ("schema", "needed"),
    [
        ({"required": ["a"]}, {"a"}),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "dependentRequired": {"a": ["c"]}}, {"a", "c"}),
        ({"anyOf": [True]}, set()),
        ({}, set()),
    ],
)
def test_needed_keys_are_those_of_the_first_way(schema, needed):
    assert needed_keys(schema) == needed
