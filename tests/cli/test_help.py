"""The help texts: whole at the widths that terminals have."""

import re

import pytest

from reconciler.cli.app import run
from reconciler.cli.tree import VERBS


@pytest.fixture
def help_of(capsys, monkeypatch):
    """Return the help of a verb at a width."""

    def call(width, *verb):
        monkeypatch.setenv("COLUMNS", str(width))
        assert run([*verb, "--help"]) == 0
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("verb", [(), *((verb,) for verb in VERBS), ("new", "config"), ("new", "integration")])
def test_help_at_80_columns_cuts_nothing_off(help_of, verb):
    text = help_of(80, *verb).replace("FORMAT[=FILE],…", "")
    assert not re.search(r"…|[^\s\]]\.\.\.(?!\])", text)


def test_help_writes_what_may_be_left_out_in_one_pair_of_brackets(help_of):
    assert "reconcile init [OPTIONS] [REPOSITORY]" in help_of(80, "init")


def test_help_at_60_columns_names_flags_in_full(help_of):
    assert "--allow-plaintext-secrets / --no-allow-plaintext-secrets" in help_of(60)


def test_help_names_variables_in_full(help_of):
    assert "RECONCILE_ALLOW_PLAINTEXT_SECRETS" in help_of(80)
