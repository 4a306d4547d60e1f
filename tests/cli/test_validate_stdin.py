"""`validate -`, `--select` and `--ignore` at the command line: what is read, what is shown, which code comes of it."""

import io
import json
import sys

import pytest

from reconciler.cli.app import run

TEXT = b"integration: console\nname: x\ndelivery:\n  rate: 1/s\n"


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    def check(*arguments, text=TEXT):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        code = run(["validate", *arguments])
        return code, *capsys.readouterr()

    return check


def test_text_is_shown_with_its_lines_and_its_name(check):
    code, out, _ = check("-", "--stdin-filename", "configs/new.yaml")
    assert code == 0
    assert "configs/new.yaml:4:3: warning[ignored-setting]" in out and " 4 |   rate: 1/s" in out


def test_text_without_a_name_is_checked_too(check):
    code, out, _ = check("-", "--format", "json", text=b"integration: console\n")
    assert (code, json.loads(out)["diagnostics"][0]["file"]) == (1, "<stdin>")


@pytest.mark.parametrize(
    "arguments", [["-", "a.yaml"], ["a.yaml", "--stdin-filename", "x"], ["-", "--stdin-filename", ""], ["-", "--fix"]]
)
def test_other_ways_to_ask_for_it_are_refused(check, arguments):
    code, out, err = check(*arguments)
    assert (code, out) == (2, "") and "error: " in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--strict"], 1),
        (["--strict", "--ignore", "ignored-setting,dangling-fallback"], 0),
        (["--strict", "--select", "dangling-fallback", "--select=unknown-event-type"], 0),
        (["--strict", "--select", "ignored-setting"], 1),
        (["--ignore", "ignored-settin"], 2),
        (["--ignore", "yaml-syntax"], 2),
        (["--select", "nothing"], 2),
    ],
)
def test_selection_decides_the_code(check, arguments, code):
    assert check("-", *arguments)[0] == code


def test_unknown_rule_is_answered_with_the_nearest(check):
    assert "did you mean `ignored-setting`?" in check("-", "--ignore", "ignored-settin")[2]


def test_settings_from_an_editor_may_name_a_schema(check, tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/s.json").write_text("{}")
    text = b'[[folder]]\npath = "a"\nsettings.console = "%s.json"\n'
    assert check("-", "--stdin-filename", "configs/reconcile.toml", text=text % b"s")[0] == 0
    assert check("-", "--stdin-filename", "configs/reconcile.toml", text=text % b"other")[0] == 1
