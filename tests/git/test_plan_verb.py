"""`reconcile plan --from`: exit codes, formats and mistakes, as a step of CI meets them."""

import json

import pytest

from reconciler.cli.app import run


@pytest.fixture
def here(repo, monkeypatch):
    repo.config("configs/d.yaml")
    repo.commit("new")
    monkeypatch.chdir(repo.top)
    return repo


def test_changes_are_shown_and_fail_where_that_is_asked_for(here, capsys):
    assert run(["plan", "--from", "old"]) == 0
    assert "start      console/d  added" in capsys.readouterr().out
    assert run(["plan", "--from", "old...", "--to", "new", "--exit-code"]) == 1
    assert run(["plan", "--from", "new", "--exit-code"]) == 0


def test_new_error_fails_and_is_shown_with_its_line(here, capsys):
    here.write("configs/a.yaml", "integration: [\n")
    here.commit("newer")
    here.remove("configs/a.yaml")
    assert run(["plan", "--from", "new"]) == 1
    shown = capsys.readouterr().out
    assert "configs/a.yaml:1:15: error[yaml-syntax]" in shown
    assert "1 | integration: [" in shown
    here.commit("gone")
    assert run(["plan", "--from", "newer", "--to", "newer"]) == 0
    assert "1 error is older than this change" in capsys.readouterr().out


def test_line_of_a_file_that_nobody_could_judge_is_shown_without_its_secret(here, capsys):
    here.write("configs/a.yaml", 'integration: slack\nsettings: {webhook_url: "https://hooks.example/hunter2", [}\n')
    here.commit("newer")
    assert run(["plan", "--from", "new"]) == 1
    shown = capsys.readouterr().out
    assert "webhook_url: ***" in shown
    assert "hunter2" not in shown


def test_reports_go_where_they_are_asked_to(here, capsys):
    assert run(["plan", "--from", "old", "--format", "text,json=plan.json,markdown=plan.md"]) == 0
    report = json.loads((here.top / "plan.json").read_text())
    assert (report["format_version"], report["from"]["revision"], report["directory"]) == (1, "old", "configs")
    assert [(one["id"], one["change"], one["file"]) for one in report["configs"]] == [("console/d", "added", "d.yaml")]
    assert "<code>console/d</code>" in (here.top / "plan.md").read_text()
    assert "Plan: 1 to start" in capsys.readouterr().out


def test_json_on_stdout_stands_alone(here, capsys):
    here.write("configs/a.yaml", "[")
    here.commit("newer")
    assert run(["plan", "--from", "old", "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["file"] == "configs/a.yaml"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "new"], "add --from"),
        (["--from", "nothing"], "is not a commit"),
        (["--from", "old..new"], "it is a range; give one commit, such as 'old', or 'old...'"),
        (["--from", "--exit-code"], "expected a branch"),
        (["--from", "old", "--dir", "elsewhere"], "neither in old nor in HEAD"),
        (["--from", "old", "--format", "table"], "expected text, json or markdown"),
        (["--from", "old", "--format", "text", "-o", "json"], "give one of them"),
        (["--from", "old", "--server", "http://127.0.0.1:1"], "knows no commits"),
        (["--from", "old", "--prune-limit", "x"], "--prune-limit"),
    ],
)
def test_mistake_is_a_sentence_and_exit_code_2(here, capsys, arguments, said):
    assert run(["plan", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_plan_without_a_daemon_has_the_formats_too(here, capsys):
    assert run(["plan", "--format", "markdown"]) == 0
    assert "4 to start" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--format", "markdown"], ["-o", "json"]])
def test_plan_for_programs_that_fails_says_why_beside_it(here, capsys, arguments):
    here.write("configs/a.yaml", "[")
    assert run(["plan", *arguments]) == 1
    assert capsys.readouterr().err.endswith(
        "the files have errors: what is wrong does not start; `reconcile validate` shows them\n"
    )
