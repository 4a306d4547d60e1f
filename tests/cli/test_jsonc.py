"""An entry goes into JSON with comments, and everything else stays: by cases, and as a law."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.init.jsonc import NotMergeable, parse, with_entry

PLACE = ("yaml.schemas", "s.json")


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("", '{\n  "yaml.schemas": {\n    "s.json": 1\n  }\n}\n'),
        ("{}", '{\n  "yaml.schemas": {\n    "s.json": 1\n  }\n}'),
        ('{"a": 1}', '{\n  "yaml.schemas": {\n    "s.json": 1\n  },\n  "a": 1}'),
        ('{"yaml.schemas": {"x": 2,},}', '{"yaml.schemas": {\n    "s.json": 1,\n    "x": 2,},}'),
        ("{ // {\n}", '{\n  "yaml.schemas": {\n    "s.json": 1\n  } // {\n}'),
        ('{"l": [{"yaml.schemas": {}}]}', '{\n  "yaml.schemas": {\n    "s.json": 1\n  },\n  "l": [{"yaml.schemas": {}}]}'),
        ('{"yaml.schemas": {"s.json": 1}}', '{"yaml.schemas": {"s.json": 1}}'),
    ],
)  # fmt: skip
def test_entry_goes_in(text, done):
    assert with_entry(text, PLACE, 1) == done


@pytest.mark.parametrize(
    "text",
    ["[]", "1", '{"a"', '{"a" 1}', "{} x", '{"a": 1 /* open }', '{"yaml.schemas": 3}', '{"yaml.schemas": {"s.json": 2}}',
     '{"a": 1, , }', "[" * 100_000],
)  # fmt: skip
def test_what_is_not_understood_or_says_otherwise_is_refused(text):
    with pytest.raises(NotMergeable):
        with_entry(text, PLACE, 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "//", "{", "yaml.schemas", '"']), inner)
    ),
    max_leaves=8,
)
GAPS = st.sampled_from(["", " ", "\n", "\n  // c, {\n", ' /* } " */ '])


@given(st.dictionaries(st.sampled_from(["a", "yaml.schemas", "x y"]), VALUES, max_size=3), GAPS, GAPS, st.booleans())
def test_all_else_stays(value, before, after, trailing):
    body = json.dumps(value, indent=1)
    text = f"{before}{body[:-1]}{',' if trailing and value else ''}{after}}}{before}"
    assert parse(text) == value
    try:
        done = with_entry(text, PLACE, [1])
    except NotMergeable:
        assert not isinstance(value["yaml.schemas"], dict)
        return
    wanted = {**value, "yaml.schemas": {**value.get("yaml.schemas", {}), "s.json": [1]}}
    assert parse(done) == wanted
    assert with_entry(done, PLACE, [1]) == done


@pytest.mark.parametrize("text", ["/* " * 300_000, '"' + "\\" * 900_001, "{" * 900_000, '{"a": ' * 100_000])
def test_hostile_text_is_refused_at_once(text):
    with pytest.raises(NotMergeable):
        with_entry(text, PLACE, 1)
