"""Within a step of GitHub Actions: annotations without asking, names from the repository's root, the step's page."""

import pytest

from reconciler.cli.app import run


@pytest.fixture
def step(tmp_path, monkeypatch):
    """A step that stands in the folder `deploy` of a checkout."""
    configs = tmp_path / "deploy" / "configs"
    configs.mkdir(parents=True)
    (configs / "a.yaml").write_text("integration: slak\nname: a\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "deploy")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    return tmp_path


def test_step_annotates_from_the_repositorys_root(step, capsys):
    assert run(["validate", "configs"]) == 1
    assert capsys.readouterr().out.startswith("::error file=deploy/configs/a.yaml,line=1,")
    assert "deploy/configs/a.yaml:1:14" in (step / "page.md").read_text(encoding="utf-8")


def test_step_appends_to_its_page(step, capsys):
    (step / "page.md").write_text("before\n", encoding="utf-8")
    run(["validate", "configs"])
    assert (step / "page.md").read_text(encoding="utf-8").startswith("before\n### reconcile validate")
    assert capsys.readouterr().err == ""


def test_a_format_that_is_asked_for_is_what_comes(step, capsys):
    assert step.exists()
    run(["validate", "configs", "--format", "concise"])
    assert capsys.readouterr().out.startswith("configs/a.yaml:1:14: error[unknown-integration]")


def test_text_is_the_default_elsewhere(step, capsys, monkeypatch):
    assert step.exists()
    monkeypatch.delenv("GITHUB_ACTIONS")
    run(["validate", "configs"])
    assert capsys.readouterr().out.startswith("configs/a.yaml:1:14: error[unknown-integration]")
