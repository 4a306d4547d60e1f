"""`reconcile explain`: every rule in a table, one rule as a page, and the nearest name for a slip."""

import json

import pytest

from reconciler.cli.app import run
from reconciler.report.rules.pages import rule_ids


def test_without_a_rule_all_are_listed(capsys):
    assert run(["explain"]) == 0
    shown = capsys.readouterr().out
    assert [rule for rule in rule_ids() if rule not in shown] == []


def test_list_as_json_says_what_can_be_fixed(capsys):
    assert run(["explain", "-o", "json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["format_version"] == 1
    first = next(item for item in value["items"] if item["rule"] == "duplicate-key")
    assert first == {
        "rule": "duplicate-key",
        "severity": "error",
        "fixable": False,
        "summary": "the same key twice in one mapping",
    }


def test_rule_is_explained_with_a_bad_and_a_good_file(capsys):
    assert run(["explain", "unknown-key"]) == 0
    shown = capsys.readouterr().out
    assert "\n    # builds.yaml\n    integration: console\n" in shown
    assert "enabeld: false" in shown and "    enabled: false" in shown and "did you mean `enabled`?" in shown


def test_rule_as_json_has_its_files(capsys):
    assert run(["explain", "unknown-key", "-o", "json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [one["file"] for one in value["bad"]] == ["builds.yaml"]
    assert value["finding"].startswith("builds.yaml:3:1: error[unknown-key]")


def test_rule_in_brackets_as_findings_show_it_is_found(capsys):
    assert run(["explain", "[unknown-key]"]) == 0
    assert "unknown-key" in capsys.readouterr().out


def test_unknown_rule_names_the_nearest(capsys):
    assert run(["explain", "unknwon-key"]) == 2
    assert "did you mean 'unknown-key'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("tmplate", "there is no rule 'tmplate': did you mean 'template-syntax'?"),
        ("fallbak", "did you mean 'dangling-fallback' or 'disabled-fallback'?"),
        ("zzz", "there is no rule 'zzz': `reconcile explain` lists them all"),
    ],
)
def test_one_word_of_a_rule_names_the_rules_with_one_like_it(capsys, rule, said):
    assert run(["explain", rule]) == 2
    assert said in capsys.readouterr().err


def test_path_for_a_rule_is_no_rule(capsys):
    assert run(["explain", "../rules/unknown-key"]) == 2
    assert "there is no rule" in capsys.readouterr().err
