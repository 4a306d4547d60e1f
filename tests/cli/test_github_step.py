"""Within a step of GitHub Actions: annotations without asking, names from the repository's root, the step's page."""

import json

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


@pytest.mark.parametrize("system", ["GITHUB_ACTIONS", "TF_BUILD"])
@pytest.mark.parametrize("shape", ["text", "json", "concise"])
def test_line_of_a_file_is_no_command_of_the_step(step, capsys, monkeypatch, system, shape):
    monkeypatch.delenv("GITHUB_ACTIONS")
    hostile = "##vso[task.setvariable variable=x]y"
    (step / "deploy/configs/a.yaml").write_text(f'integration: "{hostile}"\nname: "##[add-mask]x"\n')
    run(["validate", "configs", "--format", shape])
    assert hostile in capsys.readouterr().out
    monkeypatch.setenv(system, "true")
    run(["validate", "configs", "--format", shape])
    out = capsys.readouterr().out
    assert "##vso[" not in out and "##[" not in out
    assert "#\\u0023vso[task.setvariable" in out
    if shape == "json":
        assert any(hostile in one["message"] for one in json.loads(out)["diagnostics"])


def test_name_of_a_path_is_no_command_of_the_step(step, capsys):
    assert step.exists()
    assert run(["validate", "::stop-commands::x"]) == 2
    assert run(["test", "  ::set-env name=x::y.test.yaml"]) == 2
    assert not any(line.lstrip().startswith("::") for line in "".join(capsys.readouterr()).splitlines())
