"""A configuration to begin with: valid as it stands, for every integration that is installed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.app import run
from reconciler.cli.new_config import render
from reconciler.compose.catalogue import build_catalogue
from reconciler.config.schemas.schema import SettingsSchema
from reconciler.config.yaml.reader import read_documents
from reconciler.model.descriptor import Descriptor, EventDeclaration
from reconciler.model.errors import RegistrationError

SCHEMA = {
    "properties": {
        "mode": {"$ref": "#/$defs/Mode", "description": "How\nit is done."},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
        "hosts": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^https:"}},
    },
    "$defs": {"Mode": {"enum": ["fast", "slow"]}},
    "required": ["mode", "hosts"],
}


@pytest.mark.parametrize("integration", build_catalogue().ids())
def test_new_configuration_is_valid(integration, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["new", "config", f"{integration}/ops"]) == 0
    assert run(["validate", "--strict"]) == 0, capsys.readouterr().out
    assert (tmp_path / "configs" / integration / "ops.yaml").is_file()


@pytest.mark.parametrize(("directory", "command"), [("configs", "validate"), ("my configs", "validate 'my configs'")])
def test_command_that_comes_next_names_the_directory(tmp_path, monkeypatch, capsys, directory, command):
    monkeypatch.chdir(tmp_path)
    assert run(["new", "config", "console/ops", "--dir", directory]) == 0
    assert capsys.readouterr().out.endswith(f"fill it in, then run `reconcile {command}`\n")


def test_declared_events_need_no_list():
    text = render(Descriptor("x", "X", events=(EventDeclaration("x.done"),), schema={}), "a")
    assert "# events: without this list, x.done reach it\n" in text
    assert "settings: {}\n" in text


def test_required_settings_stand_and_others_are_comments():
    lines = render(Descriptor("x", "X", schema=SCHEMA), "a").splitlines()
    start = lines.index("settings:")
    assert lines[start + 1 : start + 5] == [
        "  # How it is done.", "  mode: fast", "  # limit: 1", '  hosts: ["https://example.com/"]',
    ]  # fmt: skip


PARTS = st.recursive(
    st.booleans()
    | st.sampled_from([{"type": "string", "pattern": r"^\p{L}+$"}, {"type": "integer"}, {"enum": ["x"]}, {"const": 5}, {}])
    | st.just({"$ref": "#/$defs/d"}),
    lambda inner: (
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"type": st.just("array"), "minItems": st.just(1), "items": inner})
        | st.fixed_dictionaries({"type": st.sampled_from([["null", "array"], "object"]), "items": inner})
    ),
    max_leaves=4,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from("ab"), PARTS), st.lists(PARTS, min_size=1, max_size=2), PARTS)
@settings(max_examples=150)
def test_every_schema_gives_a_file_that_reads(properties, branches, shared):
    schema = {"properties": properties, "anyOf": branches, "required": [*properties], "$defs": {"d": shared}}
    try:
        SettingsSchema(schema)
    except RegistrationError:
        return
    text = render(Descriptor("x", "X", schema=schema), "a")
    assert read_documents(text.encode(), "f").diagnostics == ()
