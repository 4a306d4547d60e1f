"""The test cases of the examples and of the documentation pass, with the configurations of the examples."""

import shutil

import pytest
from house import ROOT, fences

from reconciler.cli.app import run

CONFIGS = ROOT / "examples" / "configs"
SHOWN = [text for place, text in fences("yaml") if place.startswith("docs/testing.md:")]
CASES = [found for found in fences("yml") if found[0].startswith("docs/testing.md:")]


def test_cases_of_the_examples_pass(capsys):
    assert run(["test", "--dir", str(CONFIGS)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(("place", "text"), CASES, ids=[place for place, _ in CASES])
def test_cases_in_the_documentation_pass(place, text, tmp_path, capsys):
    shutil.copytree(CONFIGS, tmp_path / "configs", ignore=shutil.ignore_patterns("*.test.*"))
    (tmp_path / "configs" / "page.yaml").write_text("---\n".join(SHOWN), encoding="utf-8")
    (tmp_path / "configs" / "page.test.yaml").write_text(text, encoding="utf-8")
    assert run(["test", "--dir", str(tmp_path / "configs"), "--update"]) == 0, capsys.readouterr().out
