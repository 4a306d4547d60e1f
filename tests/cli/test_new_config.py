"""A configuration to begin with: valid as it stands, for every integration that is installed."""

import pytest

from reconciler.cli.app import run
from reconciler.cli.new_config import render
from reconciler.compose.catalogue import build_catalogue
from reconciler.model.descriptor import Descriptor, EventDeclaration

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
