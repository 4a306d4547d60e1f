"""`validate --fix` in a directory with a policy: what the policy would refuse is not written."""

import pytest

from reconciler.cli.app import run

POLICY = """\
[[folder]]
path = "**"
name_prefix = "a-"
"""
SLIP = "integration: console\nname: {name}\nenabeld: true\n"
NUMBER = "integration: console\nname: 12\nenabeld: true\n"


@pytest.fixture
def site(root, monkeypatch):
    monkeypatch.chdir(root.base)
    root.policy(POLICY)
    return root


@pytest.mark.parametrize("named", ["configs", "configs/a.yaml"])
def test_fix_that_would_breach_the_policy_is_not_made_and_its_neighbour_is(site, capsys, named):
    file = site.write("a.yaml", NUMBER)
    run(["validate", named, "--fix"])
    assert file.read_text() == NUMBER.replace("enabeld", "enabled")
    assert "configs/a.yaml:2:7 is not fixed: the policy does not allow what" in capsys.readouterr().err


def test_fix_beside_a_breach_that_was_there_before_is_made(site):
    file = site.write("a.yaml", SLIP.format(name="b"))
    run(["validate", "configs", "--fix"])
    assert "enabled: true" in file.read_text()


def test_policy_of_the_root_above_holds_for_a_folder_that_is_checked_by_itself(site):
    file = site.write("team/a.yaml", NUMBER)
    run(["validate", "configs/team", "--fix"])
    assert file.read_text() == NUMBER.replace("enabeld", "enabled")
