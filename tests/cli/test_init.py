"""`reconcile init`: a repository that validates, from nothing or beside what is there, which it leaves as it was."""

import json
import os
import re

import pytest

from reconciler.cli.app import run
from reconciler.cli.init.first_case import render_case
from reconciler.cli.init.origin import Origin, read_origin
from reconciler.cli.init.systems import SYSTEMS, guess, text_for
from reconciler.config.tree.settings import parse_settings
from reconciler.model.descriptor import Descriptor, EventDeclaration


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """An empty repository to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("options", [[], ["--dir", "deploy/my.configs"], ["--no-editor"]])
def test_new_repository_validates_without_a_warning_and_its_cases_pass(options, capsys):
    assert run(["init", *options]) == 0
    where = options if "--dir" in options else []
    assert run(["validate", "--strict", *where]) == 0, capsys.readouterr().out
    assert run(["test", "--coverage", *where]) == 0
    told = capsys.readouterr().out
    assert "2 passed" in told
    assert "1 of 1 configuration reached" in told


@pytest.mark.parametrize("integration", ["console", "email", "slack", "webhook"])
def test_first_cases_hold_for_each_integration(root, integration):
    assert run(["init", "--config", f"{integration}/first", "--no-editor", "--no-pre-commit"]) == 0
    assert run(["validate", "--strict"]) == 0
    assert run(["test"]) == 0


def test_what_the_first_cases_show_in_a_comment_holds_too(root):
    run(["init"])
    file = root / "configs" / "console" / "example.test.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("      console/example: true\n", "").replace("      # ", "      "), encoding="utf-8")
    file.write_text(re.sub(r"      or .*\n", "", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert "\n      console/example:\n        contains:" in file.read_text(encoding="utf-8")
    assert run(["test"]) == 0


def test_event_of_the_first_case_is_one_that_the_manifest_declares():
    descriptor = Descriptor("pager", "Pager", events=(EventDeclaration("page.*.**"),))
    assert "      type: page.example.example\n" in render_case(descriptor, "ops")
    assert "another type" not in render_case(descriptor, "ops")


def test_name_whose_file_would_hold_test_cases_is_refused(root, capsys):
    assert run(["init", "--config", "console/a.test"]) == 2
    assert "a.test.yaml would be a file of test cases" in capsys.readouterr().err


def test_next_steps_name_what_was_written(capsys):
    run(["init", "--dir", "deploy"])
    told = capsys.readouterr().out.partition("Next:\n")[2]
    assert told.startswith(
        "  edit deploy/console/example.yaml, and what is expected of it in deploy/console/example.test.yaml\n"
        "  reconcile validate --dir deploy\n  reconcile test --dir deploy\n  reconcile --watch --dir deploy\n"
    )


def test_second_run_tells_what_is_still_to_be_done(root, capsys):
    run(["init", "--ci", "azure"])
    first = capsys.readouterr().out.partition("Next:\n")[2]
    run(["init", "--ci", "azure"])
    assert capsys.readouterr().out.partition("Next:\n")[2] == first
    (root / "configs/console/example.yaml").unlink()
    (root / "configs/ours.yaml").write_text("integration: console\nname: ours\nevents: []\n", encoding="utf-8")
    hooks = root / ".pre-commit-config.yaml"
    hooks.write_text(hooks.read_text(encoding="utf-8") + "# ours\n", encoding="utf-8")
    (root / ".git/hooks").mkdir(parents=True)
    (root / ".git/hooks/pre-commit").touch()
    run(["init", "--ci", "azure"])
    assert capsys.readouterr().out.partition("Next:\n")[2] == (
        "  reconcile validate\n  reconcile test\n  reconcile --watch\n"
        "  put the address of your copy of reconcile, and a commit, into .pre-commit-config.yaml\n"
        "  put the address of your copy of reconcile into azure-pipelines.yml\n"
    )


def test_examples_in_the_settings_are_valid(root):
    run(["init"])
    file = root / "configs" / "reconcile.toml"
    lines = [line.removeprefix("# ") for line in file.read_text(encoding="utf-8").splitlines()[2:]]
    parsed = parse_settings("\n".join(lines).encode())
    assert parsed.diagnostics == ()
    assert parsed.policy is not None
    assert parsed.selection.strict is True


def test_second_run_changes_nothing(root, capsys):
    run(["init", "--ci", "github"])
    before = tree(root)
    capsys.readouterr()
    assert run(["init", "--ci", "github"]) == 0
    assert tree(root) == before
    assert "wrote" not in capsys.readouterr().out


def test_everything_is_written_where_its_reader_looks(root):
    run(["init", "--ci", "gitlab"])
    assert sorted(tree(root)) == [
        ".gitignore", ".gitlab-ci.yml", ".pre-commit-config.yaml", ".vscode/extensions.json", ".vscode/settings.json",
        "configs/console/example.test.yaml", "configs/console/example.yaml", "configs/reconcile.schema.json", "configs/reconcile.toml", "configs/schema.json",
        "configs/test.schema.json",
    ]  # fmt: skip


def test_old_schemas_are_kept_with_the_command_that_writes_them_anew(root, capsys):
    run(["init"])
    files = list((root / "configs").glob("*schema.json"))
    assert len(files) == 3
    for file in files:
        file.write_text("{}", encoding="utf-8")
    capsys.readouterr()
    run(["init"])
    commands = re.findall(r"write it anew with `reconcile (.+)`", capsys.readouterr().out)
    assert [run(command.split()) for command in commands] == [0, 0, 0]
    run(["init"])
    told = capsys.readouterr().out
    assert told.count("schema.json: as it should be") == 3
    assert "a commit, into .pre-commit-config.yaml" in told


def test_dry_run_writes_nothing_and_says_what_it_would(root, capsys):
    assert run(["init", "--dry-run", "new"]) == 0
    assert list(root.iterdir()) == []
    assert "would write  configs/console/example.yaml\n" in capsys.readouterr().out


def test_nothing_that_is_there_is_overwritten(root):
    run(["init", "--ci", "jenkins"])
    for path in tree(root):
        (root / path).write_text("mine {", encoding="utf-8")
    before = tree(root)
    assert run(["init", "--ci", "jenkins"]) == 0
    changed = {path for path, data in tree(root).items() if data != before.get(path)}
    assert changed == {".gitignore"}
    assert (root / ".gitignore").read_text(encoding="utf-8") == "mine {\n.reconcile/\n"


def test_settings_that_are_not_understood_are_left_with_what_to_add(root, capsys):
    (root / ".vscode").mkdir()
    (root / ".vscode" / "settings.json").write_text('{"a": ', encoding="utf-8")
    run(["init"])
    told = capsys.readouterr().out
    assert "left alone   .vscode/settings.json" in told
    assert '"configs/schema.json": [' in told
    assert (root / ".vscode" / "settings.json").read_text(encoding="utf-8") == '{"a": '


@pytest.mark.parametrize(
    ("system", "file", "told"),
    [("none", ".pre-commit-config.yaml", "    - repo: https://YOUR-GIT-HOST/reconcile.git\n"),
     ("gitlab", ".gitlab-ci.yml", "    reconcile:\n"), ("jenkins", "Jenkinsfile", "docs/ci.md of reconcile shows")],
)  # fmt: skip
def test_file_of_another_tool_is_left_with_what_to_add(root, capsys, system, file, told):
    (root / file).write_text("theirs: 1\n", encoding="utf-8")
    run(["init", "--ci", system])
    out = capsys.readouterr().out
    assert f"left alone   {file}: " in out
    assert told in out
    assert (root / file).read_text(encoding="utf-8") == "theirs: 1\n"


def test_settings_with_comments_get_the_schema_and_keep_them(root):
    (root / ".vscode").mkdir()
    file = root / ".vscode" / "settings.json"
    file.write_bytes(b'{\r\n  // mine\r\n  "a": [1,],\r\n}\r\n')
    run(["init"])
    text = file.read_bytes().decode()
    assert text.endswith('  },\r\n  // mine\r\n  "a": [1,],\r\n}\r\n')
    assert text.count("\n") == text.count("\r\n")


def test_directory_that_has_configurations_gets_no_example(root, capsys):
    (root / "configs").mkdir()
    (root / "configs" / "a.yml").write_text("integration: console\nname: a\nevents: []\n", encoding="utf-8")
    run(["init"])
    assert "kept         configs: it has configurations\n" in capsys.readouterr().out
    assert not (root / "configs" / "console").exists()


def test_link_that_leads_nowhere_is_not_written_through(root):
    (root / ".gitignore").symlink_to(root / "elsewhere")
    assert run(["init"]) == 0
    assert not (root / "elsewhere").exists()


def test_nothing_is_written_through_a_link_or_behind_one(root, tmp_path_factory, capsys):
    other = tmp_path_factory.mktemp("other")
    (other / "rc").write_text("theirs\n", encoding="utf-8")
    (root / ".gitignore").symlink_to(other / "rc")
    (root / "configs").symlink_to(other)
    (root / ".vscode").symlink_to(other)
    assert run(["init"]) == 0
    assert tree(other) == {"rc": b"theirs\n"}
    assert "left alone   configs: configs is a link" in capsys.readouterr().out


def test_folder_of_an_integration_that_is_a_link_is_left_alone(root, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (root / "configs").mkdir()
    (root / "configs/console").symlink_to(other)
    assert run(["init"]) == 0
    assert tree(other) == {}


def test_pipe_in_the_place_of_gits_settings_is_not_waited_for(root):
    (root / ".git").mkdir()
    os.mkfifo(root / ".git/config")
    assert guess(root) == "none"


def test_empty_lines_of_gits_settings_take_no_time(root):
    (root / ".git").mkdir()
    (root / ".git/config").write_text("\n" * 900_000, encoding="utf-8")
    assert guess(root) == "none"


@pytest.mark.parametrize(
    ("system", "told"),
    [
        ("github", ", and a commit, into .pre-commit-config.yaml and .github/workflows/reconcile.yml\n"),
        ("gitlab", (", and a commit, into .pre-commit-config.yaml\n"
                   "  put the address of your copy of reconcile into .gitlab-ci.yml\n")),
    ],
)  # fmt: skip
def test_blanks_are_named_with_what_goes_into_them(capsys, system, told):
    run(["init", "--ci", system])
    assert f"  put the address of your copy of reconcile{told}" in capsys.readouterr().out


def test_file_of_a_known_origin_has_no_blank(root, monkeypatch, capsys):
    monkeypatch.setattr("reconciler.cli.verbs.init.find_origin", lambda: read_origin(json.dumps(GIT)))
    run(["init", "--ci", "gitlab"])
    assert "put the address" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--ci", "travis"], "--ci: expected auto, github, gitlab, azure, jenkins or none, found 'travis'"),
     (["--dir", "../x"], "--dir: expected a folder in the repository"), (["--dir", "a b"], "found 'a b'"),
     (["--dir", "."], "--dir: expected a folder"), (["--dir", "/etc"], "--dir: expected a folder"),
     (["--config", "consle/a"], "did you mean 'console'?"), (["--config", "console"], "expected INTEGRATION/NAME")],
)  # fmt: skip
def test_mistake_writes_nothing(root, capsys, arguments, told):
    assert run(["init", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("made", "system"),
    [({".github/x": ""}, "github"), ({"Jenkinsfile": ""}, "jenkins"), ({}, "none"),
     ({".git/config": '[remote "origin"]\n\turl = git@github.com:acme/web.git\n\tfetch = x\n'}, "github"),
     ({".git/config": '[remote "o"]\n\turl = https://u:github@gitlab.acme.example/a/github.git\n'}, "gitlab"),
     ({".git/config": "[core]\n"}, "none"), ({".git": "gitdir: ../x"}, "none")],
)  # fmt: skip
def test_ci_system_is_guessed_by_its_traces_and_then_by_the_remote(root, made, system):
    for name, text in made.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    assert guess(root) == system


GIT = {"url": "https://github.com/acme/reconcile.git", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}}


def test_origin_in_git_fills_the_blanks():
    origin = read_origin(json.dumps(GIT))
    assert f"uses: acme/reconcile@{'a' * 40}\n" in text_for("github", "configs", origin)
    assert f"reconcile @ git+https://github.com/acme/reconcile.git@{'a' * 40}" in text_for("azure", "configs", origin)


def test_origin_elsewhere_is_installed_without_the_action():
    origin = Origin("https://git.acme.example/x/reconcile.git", "b" * 40)
    text = text_for("github", "configs", origin)
    assert "pip install" in text
    assert "YOUR-" not in text


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"url": "file:///src", "dir_info": {}},
        GIT | {"url": "https://me:pw@x/y.git"},
        GIT | {"url": "file:///x.git"},
        GIT | {"url": "https://token@x/y.git"},
        GIT | {"url": 'https://x/y.git"'},
    ],
)
def test_folder_or_address_with_credentials_is_no_origin(found):
    assert read_origin(json.dumps(found)) == Origin()


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_mark_of_a_template_is_left(system):
    assert "@DIR@" not in text_for(system, "x", Origin())
    assert "@SOURCE@" not in text_for(system, "x", Origin())


def test_new_configuration_names_the_schema_that_is_there(root):
    run(["init"])
    assert run(["new", "config", "slack/ops"]) == 0
    first = (root / "configs" / "slack" / "ops.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schema.json"
