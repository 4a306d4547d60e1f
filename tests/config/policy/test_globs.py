"""Patterns: what they cover, what dodges them, and that no pattern takes long."""

import time

import pytest

from reconciler.config.policy.globs import BadPattern, Glob, Patterns, References


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("team-a/**", "team-a/x.yaml", True),
        ("team-a/**", "team-a/deep/er/x.yaml", True),
        ("team-a/**", "team-ab/x.yaml", False),
        ("team-a/**", "other/team-a/x.yaml", False),
        ("team-a", "team-a/deep/x.yaml", True),
        ("/team-a/", "team-a/x.yaml", True),
        ("**/team-a", "other/deep/team-a/x.yaml", True),
        ("**/team-a", "team-a/x.yaml", True),
        ("team-*/prod", "team-x/prod/x.yaml", True),
        ("team-*/prod", "team-x/y/prod/x.yaml", False),
        ("team-?/*.yaml", "team-a/x.yaml", True),
        ("team-?/*.yaml", "team-a/y/x.yaml", False),
        ("team-[ab]", "team-b/x.yaml", True),
        ("team-[!ab]", "team-b/x.yaml", False),
        ("*.yaml", "x.yaml", True),
        ("*.yaml", "a/x.yaml", False),
        ("**/*.yaml", "x.yaml", True),
        ("a/**/z/*.yml", "a/z/x.yml", True),
        ("a/**/z/*.yml", "a/b/c/z/x.yml", True),
        ("**", "x.yaml", True),
        ("team[*]", "team*/x.yaml", True),
        ("team[*]", "teams/x.yaml", False),
    ],
)
def test_pattern_covers(pattern, path, covered):
    assert Patterns([pattern]).cover(path) is covered


@pytest.mark.parametrize("path", ["Team-A/x.yaml", "TEAM-A/X.yaml", "team-a/X.YAML"])
def test_case_does_not_dodge(path):
    assert Patterns(["team-a/**"]).cover(path)


@pytest.mark.parametrize(
    ("pattern", "folder"), [("équipe", "e\u0301quipe"), ("e\u0301quipe", "ÉQUIPE"), ("straße", "STRASSE")]
)
def test_composition_of_characters_does_not_dodge(pattern, folder):
    assert Patterns([pattern]).cover(f"{folder}/x.yaml")


def test_exceptions_hold_for_exactly_what_they_name():
    patterns = Patterns(["**", "!team-a", "!shared/*.yaml", "shared/secret.yaml"])
    covered = [
        path
        for path in (
            "x.yaml",
            "team-a/x.yaml",
            "Team-A/x.yaml",
            "shared/x.yaml",
            "shared/secret.yaml",
            "shared/a/b.yaml",
        )
        if patterns.cover(path)
    ]
    assert covered == ["x.yaml", "Team-A/x.yaml", "shared/secret.yaml", "shared/a/b.yaml"]


@pytest.mark.parametrize("text", ["", "/", "a//b", "../a", "a/./b", "a**/b", "a\\b", "!a"])
def test_pattern_that_means_nothing_is_refused(text):
    with pytest.raises(BadPattern):
        Patterns([text])


@pytest.mark.parametrize(
    "patterns", [["team-a/**"], ["*.yaml"], ["**/x*"], ["**", "!a"], ["a/*", "!a/b*"], ["**/a", "!b/**"]]
)
def test_verdict_on_a_folder_is_that_on_its_files(patterns):
    one = Patterns(patterns)
    for folder in ("", "a", "a/b", "team-a", "b/c/a", "Team-A/x"):
        verdict = one.decide(folder)
        files = {one.cover(f"{folder}/{name}" if folder else name) for name in ("x.yaml", "b.yaml", "a", "zz/a.yml")}
        assert verdict is None or files == {verdict}


@pytest.mark.parametrize(
    ("pattern", "uri", "allowed"),
    [
        ("env:TEAM_A_*", "env:TEAM_A_TOKEN", True),
        ("env:TEAM_A_*", "env:TEAM_B_TOKEN", False),
        ("env:TEAM_A_*", "env:team_a_token", False),
        ("file:team-a/*", "file:team-a/token", True),
        ("file:team-a/*", "file:team-a/deep/token", False),
        ("file:team-a/**", "file:team-a/deep/token", True),
        ("file:team-a", "file:team-a/token", False),
        ("file:team-a/**", "file:team-a/../team-b/token", False),
        ("file:**", "file:../x", False),
        ("file:*/**", "file:./x", False),
        ("file:*/**", "file:/etc/passwd", False),
        ("vault:a/**", "vault:a//b", False),
    ],
)
def test_reference_is_allowed(pattern, uri, allowed):
    assert References([pattern]).allow(uri) is allowed


def test_hostile_pattern_takes_no_time():
    began = time.process_time()
    assert not Glob.parse("/".join(["**", "*a*a*a*a*b"] * 40)).covers(["a" * 255] * 60)
    assert time.process_time() - began < 5  # a thousandth of that, where it is bounded
